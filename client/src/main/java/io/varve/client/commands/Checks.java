package io.varve.client.commands;

import io.varve.client.ConcurrencyScope;
import io.varve.client.Condition;
import io.varve.client.ExpectedVersion;
import io.varve.client.Filter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The conditions one append collects. Of several on the same thing the oldest is kept: it holds
 * only if the newer ones do. Not thread-safe.
 */
final class Checks {

  /** What the log takes. */
  static final int MAX = 64;

  private final Map<Filter, Long> scopes = new LinkedHashMap<>();
  private final Map<String, Long> versions = new LinkedHashMap<>();
  private final Map<String, ExpectedVersion> existences = new LinkedHashMap<>();

  void scope(Filter filter, long after) {
    scopes.merge(filter, after, Math::min);
  }

  void version(String source, long version) {
    versions.merge(source, version, Math::min);
  }

  void existence(String source, boolean exists) {
    existences.putIfAbsent(
        source, exists ? ExpectedVersion.exists(source) : ExpectedVersion.notExists(source));
  }

  void addAll(Checks others) {
    others.scopes.forEach(this::scope);
    others.versions.forEach(this::version);
    others.existences.forEach(existences::putIfAbsent);
  }

  int size() {
    return scopes.size() + versions.size() + existences.size();
  }

  List<Condition> conditions() {
    if (size() == 0) {
      return List.of();
    }
    List<Condition> conditions = new ArrayList<>(size());
    scopes.forEach((filter, after) -> conditions.add(new ConcurrencyScope(filter, after)));
    versions.forEach((source, version) -> conditions.add(ExpectedVersion.exactly(source, version)));
    conditions.addAll(existences.values());
    return conditions;
  }
}
