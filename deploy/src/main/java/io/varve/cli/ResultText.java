package io.varve.cli;

import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.AppendResult.ConflictingEvent;
import io.varve.client.AppendResult.FailedCondition;
import io.varve.client.ConcurrencyScope;
import io.varve.client.ExpectedVersion;
import io.varve.client.FilterItem;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What became of an append, for people. */
public final class ResultText {
  private ResultText() {}

  /** One line for an append that landed; for a conflict one more for every condition. */
  public static String of(AppendResult result) {
    if (result instanceof Appended appended) {
      return appended(appended);
    }
    return conflict((Conflict) result);
  }

  /** Why one condition failed, in one sentence without a full stop. */
  public static String reason(FailedCondition failed) {
    if (failed.expected() instanceof ExpectedVersion expected) {
      return "source "
          + name(expected.source())
          + " was expected "
          + expectation(expected)
          + " and "
          + found(failed);
    }
    ConcurrencyScope scope = (ConcurrencyScope) failed.expected();
    return "nothing matching "
        + scope.filter().anyOf().stream().map(ResultText::item).collect(Collectors.joining(" or "))
        + " was expected after position "
        + scope.after()
        + failed.newest().map(newest -> ", and there is " + event(newest)).orElse("");
  }

  private static String appended(Appended appended) {
    String versions =
        appended.versions().entrySet().stream()
            .map(version -> name(version.getKey()) + " v" + version.getValue())
            .collect(Collectors.joining(", "));
    String positions =
        appended.firstPosition() == appended.lastPosition()
            ? "at position " + appended.firstPosition()
            : "at positions " + appended.firstPosition() + " to " + appended.lastPosition();
    return "appended "
        + positions
        + (versions.isEmpty() ? "" : ": " + versions)
        + (appended.replayed() ? " (the original answer: this append id had landed before)" : "");
  }

  private static String conflict(Conflict conflict) {
    return "conflict, nothing appended:\n"
        + conflict.failed().stream()
            .map(failed -> "  condition " + failed.index() + ": " + reason(failed))
            .collect(Collectors.joining("\n"));
  }

  private static String expectation(ExpectedVersion expected) {
    if (expected.expected() instanceof ExpectedVersion.Exactly exactly) {
      return "at version " + exactly.version();
    }
    return expected.expected() == ExpectedVersion.Existence.MUST_EXIST
        ? "to exist"
        : "not to exist";
  }

  private static String found(FailedCondition failed) {
    if (failed.foundVersion() == 0) {
      return "does not exist";
    }
    return "is at version "
        + failed.foundVersion()
        + failed
            .newest()
            .map(newest -> " (" + name(newest.type()) + " at position " + newest.position() + ")")
            .orElse("");
  }

  private static String event(ConflictingEvent event) {
    return name(event.type())
        + " of source "
        + name(event.source())
        + " at position "
        + event.position();
  }

  private static String item(FilterItem item) {
    List<String> labels = new ArrayList<>();
    label(labels, "source ", item.source());
    label(labels, "source type ", item.sourceType());
    label(labels, "stream type ", item.streamType());
    label(labels, "stream id ", item.streamId());
    if (!item.types().isEmpty()) {
      labels.add(
          "type " + item.types().stream().map(ResultText::name).collect(Collectors.joining("|")));
    }
    for (String tag : item.tags()) {
      label(labels, "#", tag);
    }
    return "[" + String.join(", ", labels) + "]";
  }

  private static void label(List<String> labels, String name, String value) {
    if (!value.isEmpty()) {
      labels.add(name + name(value));
    }
  }

  private static String name(String name) {
    return EventText.printable(name);
  }
}
