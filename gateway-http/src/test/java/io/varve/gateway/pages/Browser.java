package io.varve.gateway.pages;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * One headless Chromium with a profile of its own: Debian's {@code chromium} and {@code
 * chromium-driver}, driven by Selenium.
 *
 * <p>Where they are not installed a test is skipped, saying so; with {@code
 * -Dvarve.browser.required=true} it fails instead. {@code -Dvarve.browser} and {@code
 * -Dvarve.browser.driver} name other executables. For one thread.
 */
public final class Browser implements AutoCloseable {

  /** How long a page may take to get anywhere: the machine is slow and shared. */
  public static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private final ChromeDriver driver;
  private final Path profile;
  private boolean killed;

  private Browser(ChromeDriver driver, Path profile) {
    this.driver = driver;
    this.profile = profile;
  }

  /**
   * How it starts.
   *
   * @param width the window's width in CSS pixels
   * @param height the window's height in CSS pixels
   * @param dark whether the system asks for dark pages
   * @param scale device pixels per CSS pixel
   */
  public record Look(int width, int height, boolean dark, double scale) {

    /** A desktop's window. */
    public static Look desktop() {
      return new Look(1280, 820, false, 1);
    }

    /** A small phone, held upright. */
    public static Look phone() {
      return new Look(360, 740, false, 2);
    }

    /** The same, where the system asks for dark pages. */
    public Look inTheDark() {
      return new Look(width, height, true, scale);
    }
  }

  /** Skips the test where there is no Chromium, or fails it where one is required. */
  public static void require() {
    if (executable("varve.browser", "chromium").isPresent()
        && executable("varve.browser.driver", "chromedriver").isPresent()) {
      return;
    }
    String missing =
        "no Chromium here: install chromium and chromium-driver, or name them with"
            + " -Dvarve.browser and -Dvarve.browser.driver";
    if (Boolean.getBoolean("varve.browser.required")) {
      fail(missing);
    }
    Assumptions.abort(missing);
  }

  /**
   * Starts a browser on a profile; the same profile again is the same browser again.
   *
   * @param profile the directory of its profile
   * @param look its window
   * @param more further arguments of Chromium
   */
  public static Browser open(Path profile, Look look, String... more) {
    require();
    // Chromium keeps the profile where it is told to, wherever it was started.
    Path home = profile.toAbsolutePath();
    ChromeOptions options = new ChromeOptions();
    options.setBinary(executable("varve.browser", "chromium").orElseThrow());
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A window nobody looks at is not put to sleep.
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
        "--user-data-dir=" + home,
        "--window-size=" + look.width() + "," + look.height());
    options.addArguments(more);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(executable("varve.browser.driver", "chromedriver").orElseThrow())
            .usingAnyFreePort()
            .build();
    ChromeDriver driver = new ChromeDriver(service, options);
    Browser browser = new Browser(driver, home);
    try {
      driver.manage().timeouts().pageLoadTimeout(PATIENCE).scriptTimeout(PATIENCE);
      browser.look(look);
      return browser;
    } catch (RuntimeException e) {
      browser.close();
      throw e;
    }
  }

  /** The driver, for what this class has no word for. */
  public ChromeDriver driver() {
    return driver;
  }

  /** Makes the current tab look so. */
  public void look(Look look) {
    cdp(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width",
            look.width(),
            "height",
            look.height(),
            "deviceScaleFactor",
            look.scale(),
            "mobile",
            look.width() < 600));
    cdp(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(
                Map.of("name", "prefers-color-scheme", "value", look.dark() ? "dark" : "light"))));
  }

  /** Takes the network from the current tab, or gives it back. */
  public void network(boolean connected) {
    cdp("Network.enable", Map.of());
    cdp(
        "Network.emulateNetworkConditions",
        Map.of(
            "offline", !connected, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
  }

  /** Sends a command of the browser's debugging protocol to the current tab. */
  public Map<String, Object> cdp(String command, Map<String, Object> parameters) {
    return driver.executeCdpCommand(command, parameters);
  }

  /**
   * Runs an async function's body in the page and waits for what it returns; {@code arguments} are
   * in {@code args}.
   */
  public Object run(String body, Object... arguments) {
    String script =
        "const done = arguments[arguments.length - 1];"
            + " const args = [...arguments].slice(0, -1);"
            + " (async () => {"
            + body
            + "})().then((value) => done({ value: value ?? null }),"
            + " (error) => done({ error: String(error?.stack ?? error) }));";
    Map<?, ?> answer =
        (Map<?, ?>)
            Objects.requireNonNull(
                driver.executeAsyncScript(script, arguments), "the script gave no answer");
    if (answer.get("error") != null) {
      throw new WebDriverException("in the page: " + answer.get("error"));
    }
    Object value = answer.get("value");
    return value == null ? Optional.empty() : value;
  }

  /** What one of the body's data attributes says now; empty when it has none. */
  public String data(String attribute) {
    Object value =
        driver.executeScript(
            "return document.body?.getAttribute('data-' + arguments[0]) ?? ''", attribute);
    return String.valueOf(value);
  }

  /** Waits until one of the body's data attributes says so. */
  public void awaitData(String attribute, String value) {
    await(
        () -> "data-" + attribute + " to be " + value + " but it is " + data(attribute),
        () -> data(attribute).equals(value));
  }

  /** Waits until something holds; what says what was waited for. */
  public void await(Supplier<String> what, BooleanSupplier holds) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        fail(
            "waited "
                + PATIENCE.toSeconds()
                + " s for "
                + what.get()
                + "; the page says: "
                + log());
      }
      try {
        TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        fail("interrupted");
      }
    }
  }

  /** What the page's console has said since last asked; nothing once the browser is gone. */
  public List<String> log() {
    if (killed) {
      return List.of();
    }
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(entry -> entry.getLevel() + " " + entry.getMessage())
        .toList();
  }

  /** Writes what the current tab shows to {@code target/screenshots/NAME.png}. */
  public Path screenshot(String name) {
    try {
      Files.createDirectories(SCREENSHOTS);
      Path file = SCREENSHOTS.resolve(name + ".png");
      Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Kills every process of this browser at once, as a crash or a lost battery would. */
  public void kill() {
    List<ProcessHandle> mine =
        ProcessHandle.current()
            .descendants()
            .filter(this::isOfThisProfile)
            .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
            .distinct()
            .toList();
    if (mine.isEmpty()) {
      fail("found no process of the browser on " + profile);
    }
    mine.forEach(ProcessHandle::destroyForcibly);
    killed = true;
    await(() -> mine + " to end", () -> mine.stream().noneMatch(Browser::runs));
    close();
  }

  // One that has ended stays listed, as a zombie, until its parent asks; some parents never do.
  private static boolean runs(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc", process.pid() + "", "stat"), ISO_8859_1);
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }

  // The arguments as the system has them: the JDK's own view of long ones may be cut.
  private boolean isOfThisProfile(ProcessHandle process) {
    try {
      String commandLine =
          Files.readString(Path.of("/proc", process.pid() + "", "cmdline"), ISO_8859_1);
      return List.of(commandLine.split("\0")).contains("--user-data-dir=" + profile);
    } catch (IOException e) {
      return false; // it has ended meanwhile
    }
  }

  @Override
  public void close() {
    try {
      driver.quit();
    } catch (WebDriverException e) {
      // The browser is gone already; the driver's own process is stopped all the same.
    }
  }

  private static Optional<File> executable(String property, String name) {
    String named = System.getProperty(property);
    if (named != null) {
      return Optional.of(new File(named)).filter(File::canExecute);
    }
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(directory -> new File(directory, name))
        .filter(File::canExecute)
        .findFirst();
  }
}
