package io.varve.node.read;

import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.statemachine.AppendValidator;
import io.varve.statemachine.Outcome;
import java.util.Optional;

/** Makes selections of requests, and refuses those that are malformed or over a limit. */
final class Selections {

  private final AppendValidator validator;

  Selections(AppendValidator validator) {
    this.validator = validator;
  }

  Selection of(ReadRequest request) {
    return switch (request.getSelectorCase()) {
      case SOURCE -> new Selection.OneSource(source(request.getSource()));
      case FILTER -> matching(request.getFilter());
      case SELECTOR_NOT_SET -> new Selection.WholeLog();
    };
  }

  Selection of(SubscribeRequest request) {
    return switch (request.getSelectorCase()) {
      case SOURCE -> new Selection.OneSource(source(request.getSource()));
      case FILTER -> matching(request.getFilter());
      case SELECTOR_NOT_SET -> new Selection.WholeLog();
    };
  }

  /** A source's name, if it may be one. */
  String source(String source) {
    throwIfPresent(validator.checkSource(source, "source"));
    return source;
  }

  /** A name that must be there, if it may be one. */
  String name(String name, String field) {
    throwIfPresent(validator.checkName(name, field));
    return name;
  }

  private Selection matching(Filter filter) {
    throwIfPresent(validator.check(filter, "filter"));
    return new Selection.Matching(filter);
  }

  private static void throwIfPresent(Optional<Outcome.Refused> refused) {
    if (refused.isPresent()) {
      throw new ErrorException(Errors.of(refused.get()));
    }
  }
}
