package io.varve.statemachine.condition;

import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.Outcome.ConflictingEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/** A log in memory that is nothing but its labels. */
final class ListedLog implements LogView, LogIndex {

  private final Map<String, NavigableSet<Long>> labels = new HashMap<>();
  private final Map<String, NavigableSet<Long>> sources = new HashMap<>();
  private final List<String> sourceOf = new ArrayList<>();

  /** Appends an event, labelled as {@code TAG:x}. */
  ListedLog add(String source, String... labelled) {
    sourceOf.add(source);
    sources.computeIfAbsent(source, s -> new TreeSet<>()).add(head());
    for (String label : labelled) {
      labels.computeIfAbsent(label, l -> new TreeSet<>()).add(head());
    }
    return this;
  }

  @Override
  public long head() {
    return sourceOf.size();
  }

  @Override
  public long version(String source) {
    return sources.getOrDefault(source, new TreeSet<>()).size();
  }

  @Override
  public long newestPosition(String source) {
    return sources.get(source).last();
  }

  @Override
  public ConflictingEvent describe(long position) {
    return new ConflictingEvent(position, sourceOf.get((int) position - 1), "type");
  }

  @Override
  public LogIndex backward() {
    return this;
  }

  @Override
  public Walk label(LabelKind kind, String value) {
    return RandomLists.walk(
        labels.getOrDefault(kind + ":" + value, new TreeSet<>()), Direction.BACKWARD);
  }

  @Override
  public Walk source(String source) {
    List<Long> positions = new ArrayList<>(sources.getOrDefault(source, new TreeSet<>()));
    return new VersionWalk(
        Direction.BACKWARD, positions.size(), version -> positions.get((int) version - 1));
  }
}
