package io.varve.client.projections;

import io.varve.node.cluster.FreePorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL server of this machine's own programs, on loopback, for one test class. Where {@code
 * initdb} and {@code pg_ctl} are not to be had, the class is skipped.
 */
final class PostgresServer implements BeforeAllCallback, AfterAllCallback {

  private static final long LIMIT_SECONDS = 120;

  private final AtomicInteger databases = new AtomicInteger();
  private Path directory = Path.of(".");
  private int port;
  private boolean started;

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    Optional<Path> initdb = program("initdb");
    Optional<Path> control = program("pg_ctl");
    Assumptions.assumeTrue(
        initdb.isPresent() && control.isPresent(),
        "skipped: no initdb and pg_ctl on the PATH or under /usr/lib/postgresql (Debian: postgresql)");
    directory = Files.createTempDirectory("varve-postgres");
    if (isRoot()) {
      // The server refuses to run as root.
      run(List.of("chown", "postgres", directory.toString()));
    }
    run(
        asUser(
            List.of(
                initdb.get().toString(),
                "-D",
                directory.resolve("data").toString(),
                "-U",
                "varve",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync")));
    port = FreePorts.next();
    run(
        asUser(
            List.of(
                control.get().toString(),
                "-D",
                directory.resolve("data").toString(),
                "-l",
                directory.resolve("log").toString(),
                "-o",
                "-p " + port + " -c listen_addresses=127.0.0.1 -k " + directory,
                "-w",
                "start")));
    started = true;
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    if (started) {
      run(
          asUser(
              List.of(
                  program("pg_ctl").orElseThrow().toString(),
                  "-D",
                  directory.resolve("data").toString(),
                  "-m",
                  "immediate",
                  "-w",
                  "stop")));
      try (Stream<Path> paths = Files.walk(directory)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      }
    }
  }

  /** A new, empty database. */
  DataSource database() throws SQLException {
    String name = "test" + databases.incrementAndGet();
    try (Connection connection = dataSource("postgres").getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    }
    return dataSource(name);
  }

  private DataSource dataSource(String database) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setServerNames(new String[] {"127.0.0.1"});
    source.setPortNumbers(new int[] {port});
    source.setDatabaseName(database);
    source.setUser("varve");
    return source;
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static List<String> asUser(List<String> command) {
    if (!isRoot()) {
      return command;
    }
    List<String> all =
        new ArrayList<>(List.of("setpriv", "--reuid=postgres", "--clear-groups", "--"));
    all.addAll(command);
    return all;
  }

  private static Optional<Path> program(String name) throws IOException {
    List<Path> places = new ArrayList<>();
    for (String entry : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      places.add(Path.of(entry));
    }
    Path debian = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(debian)) {
      try (Stream<Path> versions = Files.list(debian)) {
        versions.map(version -> version.resolve("bin")).forEach(places::add);
      }
    }
    return places.stream()
        .map(place -> place.resolve(name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private void run(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("varve-postgres", ".out");
    java.lang.Process process =
        new ProcessBuilder(command)
            .directory(Path.of("/tmp").toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command + " took more than " + LIMIT_SECONDS + " s");
    }
    if (process.exitValue() != 0) {
      throw new IOException(command + " failed: " + Files.readString(output));
    }
    Files.delete(output);
  }
}
