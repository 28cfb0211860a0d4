package io.varve.gateway.http;

import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.identity.ReservedSources;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;

/**
 * What callers may do, beyond their grants: sources that begin with {@code _varve/} are the
 * gateway's own records. Nobody appends to them through the gateway, and only who may read
 * everything reads them.
 */
final class Access {

  private Access() {}

  /** Whether a source may be read. */
  static boolean mayRead(Caller caller, String source) {
    return caller.grants().mayReadEverything()
        || (!ReservedSources.isReserved(source) && caller.grants().mayRead(source));
  }

  /** Passes if a source may be read. */
  static void requireRead(Caller caller, String source, String field) {
    if (ReservedSources.isReserved(source)) {
      caller.requireReadEverything(
          "to read a source that begins with '" + ReservedSources.PREFIX + "'");
    }
    caller.requireRead(source, field);
  }

  /** Passes if a source may be appended to. */
  static void requireAppend(Caller caller, String source, String field) {
    if (ReservedSources.isReserved(source)) {
      throw denied(
          "sources that begin with '"
              + ReservedSources.PREFIX
              + "' are the gateway's own: '"
              + source
              + "'",
          field);
    }
    caller.requireAppend(source, field);
  }

  /** Passes if everything that a filter could match may be read. */
  static void requireRead(Caller caller, Filter filter, String field) {
    if (caller.grants().mayReadEverything()) {
      return;
    }
    for (FilterItem item : filter.anyOf()) {
      if (item.source().isEmpty()) {
        throw denied(
            "without the grant to read every source ('*') each item of a filter must name a source",
            field);
      }
      requireRead(caller, item.source(), field);
    }
  }

  /** Passes if a condition on a source may be asked for: its conflict tells of the source. */
  static void requireCondition(Caller caller, String source, String field) {
    boolean granted =
        ReservedSources.isReserved(source)
            ? caller.grants().mayReadEverything()
            : caller.grants().mayRead(source) || caller.grants().mayAppend(source);
    if (!granted) {
      throw denied("no grant lets this client read or append to source '" + source + "'", field);
    }
  }

  /** Passes if sources of a prefix may be listed. */
  static void requireReadPrefix(Caller caller, String prefix, String field) {
    if (!caller.grants().mayReadPrefix(prefix)) {
      throw denied(
          "no grant lets this client read all sources that begin with '" + prefix + "'", field);
    }
    if (ReservedSources.isReserved(prefix)) {
      caller.requireReadEverything(
          "to list sources that begin with '" + ReservedSources.PREFIX + "'");
    }
  }

  static ProblemException denied(String detail, String field) {
    return new ProblemException(Problem.of(ProblemCode.PERMISSION_DENIED, detail, field));
  }
}
