package io.varve.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.NewEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The history is what docs/demo-history.md says it is. */
class ShopHistoryTest {
  private static final Path DOCUMENT = Path.of("../docs/demo-history.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| `([a-z]+)-N` \\| ([\\d,]+) \\|.*");

  @Test
  void hasTheDocumentedDistribution() throws IOException {
    String document = Files.readString(DOCUMENT);
    Map<String, Long> documented = new TreeMap<>();
    for (Matcher row = ROW.matcher(document); row.find(); ) {
      documented.put(row.group(1) + " on " + row.group(2), number(row.group(3)));
    }
    List<List<NewEvent>> appends = demo();

    Map<String, Long> found =
        appends.stream()
            .flatMap(List::stream)
            .collect(
                Collectors.groupingBy(
                    event -> event.type() + " on " + event.source().replaceAll("-\\d+$", ""),
                    TreeMap::new,
                    Collectors.counting()));

    assertThat(found).isEqualTo(documented);
    long events = found.values().stream().mapToLong(Long::longValue).sum();
    long sources = appends.stream().flatMap(List::stream).map(NewEvent::source).distinct().count();
    assertThat(document.replaceAll("\\s+", " "))
        .contains("the seed is " + ShopHistory.DEMO_SEED)
        .contains(String.format(Locale.ROOT, "become %,d events", events))
        .contains(String.format(Locale.ROOT, "in %,d atomic appends", appends.size()))
        .contains(String.format(Locale.ROOT, "to %,d sources", sources));
  }

  @Test
  void theSameSeedGivesTheSameHistoryByteForByte() {
    MessageDigest all = EventDigest.sha256();
    EventDigest digest = new EventDigest();
    demo().forEach(append -> append.forEach(event -> all.update(digest.of(event))));

    // Changes whenever the generator changes, on purpose or not.
    assertThat(HexFormat.of().formatHex(all.digest()))
        .isEqualTo("da6f20916dfb7d72d368c820e284613156b738ec65f6a8103b7198015253f43a");
  }

  @Test
  void anotherSeedGivesAnotherHistory() {
    assertThat(collect(new ShopHistory(1, 10))).isNotEqualTo(collect(new ShopHistory(2, 10)));
  }

  @Test
  void timeNeverRunsBackwardsAndAppendsTouchAFewSources() {
    Instant before = Instant.MIN;
    for (List<NewEvent> append : demo()) {
      assertThat(append).isNotEmpty().hasSizeLessThanOrEqualTo(4);
      Instant now = append.get(0).occurred().orElseThrow();
      assertThat(now).isAfterOrEqualTo(before);
      before = now;
    }
  }

  @Test
  void everyStoryIsInOrder() {
    Map<String, List<String>> stories = new HashMap<>();
    for (List<NewEvent> append : demo()) {
      for (NewEvent event : append) {
        stories.computeIfAbsent(event.source(), source -> new ArrayList<>()).add(event.type());
      }
    }

    stories.forEach(
        (source, types) -> {
          String story = String.join(" ", types);
          String kind = source.replaceAll("-\\d+$", "");
          assertThat(story)
              .as(source)
              .matches(
                  switch (kind) {
                    case "customer" -> "CustomerRegistered";
                    case "order" ->
                        "OrderPlaced( OrderPacked( OrderCompleted( OrderReturned)?)?|"
                            + " OrderCancelled)";
                    case "payment" ->
                        "(PaymentDeclined ?){0,3}(PaymentAuthorized( PaymentVoided|"
                            + " PaymentCaptured( PaymentRefunded){0,2}))?";
                    default ->
                        "ShipmentCreated ShipmentDispatched( ShipmentScanned)+"
                            + " Shipment(Delivered|Lost)";
                  });
        });
  }

  private static List<List<NewEvent>> demo() {
    return collect(new ShopHistory(ShopHistory.DEMO_SEED, ShopHistory.DEMO_ORDERS));
  }

  private static List<List<NewEvent>> collect(ShopHistory history) {
    List<List<NewEvent>> appends = new ArrayList<>();
    history.forEachRemaining(appends::add);
    return appends;
  }

  private static long number(String text) {
    return Long.parseLong(text.replace(",", ""));
  }
}
