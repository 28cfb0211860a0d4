package io.varve.statemachine.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.StoreOptions;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every transcript holds, word for word, for the core and for the model. */
class TranscriptTest {

  @TestFactory
  Stream<DynamicTest> coreKeepsItsTranscripts() throws IOException {
    return transcripts().stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    name(file),
                    () -> {
                      try (Scratch scratch = new Scratch();
                          Replica core = new CoreReplica(scratch, StoreOptions.defaults())) {
                        assertHolds(file, core);
                      }
                    }));
  }

  @TestFactory
  Stream<DynamicTest> modelKeepsItsTranscripts() throws IOException {
    return transcripts().stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    name(file),
                    () -> assertHolds(file, new ModelReplica(new LogModel(), LogModel::new))));
  }

  @Test
  void aTranscriptThatIsNotTrueIsNoticed() {
    String story =
        """
        founding window=5
        entry recorded=1
          append
            event order-1 Placed
          => appended 1..1 order-1@2, recorded=1
        """;

    assertThat(Transcript.replay(story, new ModelReplica(new LogModel(), LogModel::new)))
        .isEqualTo(story.replace("order-1@2", "order-1@1"));
  }

  private static void assertHolds(Path file, Replica replica) throws IOException {
    String text = Files.readString(file);
    assertThat(Transcript.replay(text, replica)).as(name(file)).isEqualTo(text);
  }

  private static List<Path> transcripts() throws IOException {
    URL folder = Objects.requireNonNull(TranscriptTest.class.getResource("/transcripts"));
    try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
      List<Path> transcripts = files.filter(file -> name(file).endsWith(".txt")).sorted().toList();
      assertThat(transcripts).isNotEmpty();
      return transcripts;
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }
}
