package io.varve.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.NewEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitHistoryTest {
  @TempDir Path repository;

  @Test
  void oneEventPerCommitAndOnePerChangedFile() throws Exception {
    git("init", "-q");
    Files.writeString(repository.resolve("a file\twith \"odd\" näme.txt"), "1\n2\n");
    Files.writeString(repository.resolve("plain"), "x\n");
    commit("First, with \"quotes\"", "2026-01-02T03:04:05Z");
    commit("Empty", "2026-01-02T03:04:06Z");
    Files.write(repository.resolve("binary"), new byte[] {0, 1, 2});
    Files.writeString(repository.resolve("plain"), "y\nz\n");
    commit("Second", "2026-01-02T03:04:07Z");

    List<List<NewEvent>> appends = read();

    assertThat(appends).hasSize(3);
    assertThat(appends.get(0))
        .extracting(NewEvent::type)
        .containsExactly("CommitMade", "FileChanged", "FileChanged");
    assertThat(appends.get(0))
        .extracting(NewEvent::source)
        .containsExactly("repository", "file:a file\twith \"odd\" näme.txt", "file:plain");
    NewEvent first = appends.get(0).get(0);
    assertThat(first.data().toUtf8())
        .contains("\"subject\":\"First, with \\\"quotes\\\"\"")
        .contains("\"author\":\"Somebody\"")
        .contains("\"files\":2");
    assertThat(first.occurred()).contains(Instant.parse("2026-01-02T03:04:05Z"));
    assertThat(appends.get(0).get(1).data().toUtf8()).contains("\"added\":2,\"deleted\":0");
    assertThat(appends.get(0).get(1).tags()).isEqualTo(first.tags()).hasSize(1);
    assertThat(appends.get(1)).hasSize(1);
    assertThat(appends.get(2))
        .extracting(event -> event.data().toUtf8())
        .anySatisfy(data -> assertThat(data).contains("\"binary\":true"))
        .anySatisfy(data -> assertThat(data).contains("\"added\":2,\"deleted\":1"));
  }

  @Test
  void veryLargeCommitsTakeSeveralAppends() throws Exception {
    git("init", "-q");
    for (int i = 0; i < 2_500; i++) {
      Files.writeString(repository.resolve("f" + i), "x");
    }
    commit("Many", "2026-01-02T03:04:05Z");

    List<List<NewEvent>> appends = read();

    assertThat(appends).extracting(List::size).containsExactly(1_000, 1_000, 501);
    assertThat(appends.stream().flatMap(List::stream).map(NewEvent::source).distinct())
        .hasSize(2_501);
  }

  @Test
  void withoutARepositoryItSaysSo() {
    assertThatThrownBy(() -> GitHistory.of(repository))
        .isInstanceOf(GitHistory.UnavailableException.class)
        .hasMessageContaining("not a git repository");
  }

  @Test
  void withoutACommitItSaysSo() throws Exception {
    git("init", "-q");

    assertThatThrownBy(() -> GitHistory.of(repository))
        .isInstanceOf(GitHistory.UnavailableException.class)
        .hasMessageContaining("not in a Git repository with commits");
  }

  private List<List<NewEvent>> read() {
    List<List<NewEvent>> appends = new ArrayList<>();
    try (GitHistory history = GitHistory.of(repository)) {
      history.forEachRemaining(appends::add);
    }
    return appends;
  }

  private void commit(String subject, String time) throws Exception {
    git("add", "-A");
    git(
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@example.org",
        "-c",
        "commit.gpgsign=false",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        subject,
        "--date",
        time);
    git(
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@example.org",
        "-c",
        "commit.gpgsign=false",
        "commit",
        "-q",
        "--amend",
        "--allow-empty",
        "--no-edit");
  }

  private void git(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("git", "-C", repository.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("GIT_CEILING_DIRECTORIES", repository.getParent().toString());
    builder.environment().put("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z");
    builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
    Process process = builder.start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
