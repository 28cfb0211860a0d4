package io.varve.faults;

import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;

/** What one sending of an append came to, as the sender sees it. */
sealed interface Attempt {

  /** It was answered: it landed, now or earlier. */
  record Landed(Appended appended) implements Attempt {}

  /** It was answered: a condition did not hold. */
  record Conflicted(Conflict conflict) implements Attempt {}

  /** It was answered: this sending appended nothing and never will. */
  record NotAppended(Error error) implements Attempt {
    NotAppended(ErrorCode code, String message) {
      this(Error.newBuilder().setCode(code).setMessage(message).build());
    }

    ErrorCode code() {
      return error.getCode();
    }
  }

  /** It was not answered, or the answer was that nobody knows. */
  record Unknown(String why) implements Attempt {}
}
