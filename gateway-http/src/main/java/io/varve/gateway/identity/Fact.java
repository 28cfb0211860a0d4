package io.varve.gateway.identity;

import io.varve.client.Event;
import java.util.List;

/** What the log says under one key of the identity records. Immutable. */
sealed interface Fact {

  /** Nothing. */
  enum Nothing implements Fact {
    /** The only one. */
    INSTANCE
  }

  /** A client. */
  record Client(ClientRecord record) implements Fact {}

  /** A token was revoked. */
  record RevokedToken(TokenRevocation revocation) implements Fact {}

  /** Something that is no record; nobody is let in by it. */
  record Unreadable(String why) implements Fact {}

  /** What a page says that was asked for one key. */
  static Fact of(List<Event> page) {
    return page.isEmpty() ? Nothing.INSTANCE : of(page.get(0));
  }

  /** What an event says. */
  static Fact of(Event event) {
    if (event.tombstone()) {
      return Nothing.INSTANCE;
    }
    try {
      if (event.key().startsWith(IdentityRecords.CLIENT_PREFIX)) {
        return new Client(IdentityRecords.client(event));
      }
      if (event.key().startsWith(IdentityRecords.TOKEN_PREFIX)) {
        return new RevokedToken(IdentityRecords.tokenRevocation(event));
      }
      return new Unreadable("the event at position " + event.position() + " has no key of ours");
    } catch (IdentityFormatException e) {
      return new Unreadable(String.valueOf(e.getMessage()));
    }
  }
}
