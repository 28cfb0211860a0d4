package io.varve.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.testkit.EmbeddedVarve;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a project has on its class paths that depends on {@code varve-client}, as Maven tells: to
 * compile, no gRPC and no Protocol Buffers; to run, all that is needed. This module is such a
 * project; its build writes its class paths down.
 */
class ConsumerClasspathTest {

  private static final String PROGRAM =
      """
      import io.varve.client.*;

      public class Consumer {
        public static void main(String[] arguments) {
          try (VarveClient client = VarveClient.builder().target(arguments[0]).build()) {
            client.append(
                AppendRequest.builder()
                    .events(NewEvent.builder("s", "Happened").data("hello").build())
                    .deadline(java.time.Duration.ofMinutes(1))
                    .build())
                .orThrow();
            try (EventStream events = client.read(ReadOptions.ofSource("s"))) {
              for (Event event : events) {
                System.out.println(event.position() + " " + event.data().toUtf8());
              }
            }
          }
        }
      }
      """;

  @TempDir Path output;

  @Test
  void compilesAndRuns() throws IOException, InterruptedException {
    assertThat(compile(PROGRAM, classpath("compile"))).isEmpty();

    try (EmbeddedVarve varve = EmbeddedVarve.start()) {
      assertThat(run(varve.target())).isEqualTo("1 hello\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "io.grpc.Channel",
        "io.grpc.stub.StreamObserver",
        "io.netty.buffer.ByteBuf",
        "com.google.protobuf.Message",
        "io.varve.proto.v1.AppendRequest",
        "org.h2.mvstore.MVStore",
      })
  void whatOnlyTheInsidesNeedIsThereToRunButNotToCompile(String type) {
    String source = "class Peeping { " + type + " seen; }";
    String name = type.substring(0, type.lastIndexOf('.'));

    assertThat(compile(source, classpath("compile")))
        .singleElement()
        .asString()
        .contains("package " + name + " does not exist");
    assertThat(compile(source, classpath("runtime"))).isEmpty();
  }

  @Test
  void nothingOfTheServerIsThereAtAll() {
    assertThat(names(classpath("runtime")))
        .anyMatch(name -> name.startsWith("grpc-netty"))
        .noneMatch(
            name ->
                name.contains("rocksdb")
                    || name.contains("ratis")
                    || name.contains("junit")
                    // Of H2 only the file store, not the database.
                    || name.startsWith("h2-2"));
    assertThat(classpath("runtime"))
        .noneMatch(path -> path.contains("statemachine") || path.contains("varve-node"));
  }

  private static List<String> classpath(String scope) {
    try {
      String written = Files.readString(Path.of("target", "classpath", scope));
      return List.of(written.strip().split(File.pathSeparator, -1));
    } catch (IOException e) {
      throw new UncheckedIOException("the build has not written the class path down", e);
    }
  }

  private static List<String> names(List<String> classpath) {
    return classpath.stream().map(path -> Path.of(path).getFileName().toString()).toList();
  }

  /** The errors javac has with a source, seeing only a class path. */
  private List<String> compile(String source, List<String> classpath) {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    String type = source.contains("Consumer") ? "Consumer" : "Peeping";
    JavaFileObject file =
        new SimpleJavaFileObject(
            URI.create("string:///" + type + ".java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    List<String> options =
        List.of(
            "-classpath",
            String.join(File.pathSeparator, classpath),
            "-d",
            output.toString(),
            "-proc:none");
    try (StandardJavaFileManager files =
        javac.getStandardFileManager(found, Locale.ROOT, StandardCharsets.UTF_8)) {
      boolean compiled =
          javac.getTask(null, files, found, options, List.of(), List.of(file)).call();
      List<String> errors =
          found.getDiagnostics().stream()
              .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
              .map(diagnostic -> diagnostic.getMessage(Locale.ROOT))
              .toList();
      assertThat(compiled).isEqualTo(errors.isEmpty());
      return errors;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String run(String target) throws IOException, InterruptedException {
    String classpath =
        String.join(
            File.pathSeparator,
            Stream.concat(Stream.of(output.toString()), classpath("runtime").stream()).toList());
    Path printed = output.resolve("printed");
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classpath,
                "Consumer",
                target)
            .redirectOutput(printed.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(java.waitFor(2, TimeUnit.MINUTES)).as("ends").isTrue();
      assertThat(java.exitValue()).as(() -> "ends well").isZero();
    } finally {
      java.destroyForcibly();
    }
    return Files.readString(printed);
  }
}
