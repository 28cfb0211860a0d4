package io.varve.gateway.http;

import java.util.HashSet;
import java.util.Set;

/**
 * One method of one route.
 *
 * @param name what metrics call it
 * @param parameters the query parameters it knows
 * @param repeatable those of them that may stand more than once
 * @param open whether it needs no caller; it then gets {@link Exchange#caller()} without grants
 * @param readsQuery whether a query means anything to it; otherwise it is read over
 * @param endpoint what answers
 */
record Operation(
    String name,
    Set<String> parameters,
    Set<String> repeatable,
    boolean open,
    boolean readsQuery,
    Endpoint endpoint) {

  /** An operation on the log: it needs a caller and takes {@code logIdentity}. */
  static Operation of(String name, Endpoint endpoint, String... parameters) {
    Set<String> known = new HashSet<>(Set.of(parameters));
    known.add("logIdentity");
    return new Operation(name, Set.copyOf(known), Set.of(), false, true, endpoint);
  }

  /** An operation that anybody may ask for. */
  static Operation open(String name, Endpoint endpoint) {
    return new Operation(name, Set.of(), Set.of(), true, true, endpoint);
  }

  /** A page that anybody may load, whatever a shared link's query says. */
  static Operation page(Endpoint endpoint) {
    return new Operation("page", Set.of(), Set.of(), true, false, endpoint);
  }

  /** The same with a parameter that may stand more than once. */
  Operation repeating(String parameter) {
    Set<String> known = new HashSet<>(parameters);
    known.add(parameter);
    return new Operation(name, Set.copyOf(known), Set.of(parameter), open, readsQuery, endpoint);
  }
}
