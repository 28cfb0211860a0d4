package io.varve.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdentityRecordsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

  private final Device device = new Device();
  private final ClientRecord client = ClientRecord.registered(device.clientKey(), NOW);

  @Test
  void aRecordComesBackAsItWas() {
    for (ClientRecord record :
        List.of(
            client,
            client.revoke(),
            client.revoke().register(device.clientKey()).withName("Kasse 3 \"links\""),
            client.withGrants(new Grants(List.of("*"), List.of("a/{client}/", "\u00e4"))),
            ClientRecord.revoked(device.clientId(), NOW))) {
      NewEvent event = IdentityRecords.event(IdentityRecords.GRANTS_CHANGED, record);

      assertThat(IdentityRecords.client(recorded(event))).isEqualTo(record);
      assertThat(event.source()).isEqualTo("_varve/identity");
      assertThat(event.key()).isEqualTo("client/" + device.clientId());
      assertThat(event.tags()).containsExactly("client:" + device.clientId());
    }
  }

  @Test
  void aRevocationComesBackAsItWas() {
    TokenRevocation revocation =
        new TokenRevocation(UUID.randomUUID(), Optional.of(device.clientId()), NOW);
    NewEvent event = IdentityRecords.event(revocation);

    assertThat(IdentityRecords.tokenRevocation(recorded(event))).isEqualTo(revocation);
    assertThat(event.key()).isEqualTo("token/" + revocation.tokenId());
    // It does not count as a change of the client.
    assertThat(event.tags()).isEmpty();
  }

  @Test
  void whatIsNoRecordIsRefusedNamingTheEventAndTheField() {
    NewEvent good = IdentityRecords.event(IdentityRecords.CLIENT_REGISTERED, client);
    String text = good.data().toUtf8();

    unreadable("status", good, text.replace("active", "maybe"));
    unreadable("generation", good, text.replace("\"generation\":0", "\"generation\":\"0\""));
    unreadable("generation", good, text.replace("\"generation\":0", "\"generation\":-1"));
    unreadable("registered", good, text.replace("2026-11-21T", "yesterday "));
    unreadable("clientId", good, text.replace(device.clientId(), "x"));
    unreadable("extra", good, text.replace("{\"clientId\"", "{\"extra\":1,\"clientId\""));
    unreadable("", good, text.substring(1));
    unreadable("", good, "");
    String stranger =
        IdentityRecords.event("X", ClientRecord.registered(new Device().clientKey(), NOW))
            .data()
            .toUtf8();
    unreadable("clientId", good, stranger);
  }

  @Test
  void whatCannotBeReadLetsNobodyIn() {
    NewEvent good = IdentityRecords.event(IdentityRecords.CLIENT_REGISTERED, client);

    assertThat(Fact.of(recorded(good))).isEqualTo(new Fact.Client(client));
    assertThat(Fact.of(recorded(with(good, "{}")))).isInstanceOf(Fact.Unreadable.class);
    assertThat(Fact.of(recorded(NewEvent.builder("_varve/identity", "X").build())))
        .isInstanceOf(Fact.Unreadable.class);
    assertThat(Fact.of(List.of())).isEqualTo(Fact.Nothing.INSTANCE);
  }

  @Test
  void idsAreThumbprints() {
    assertThat(IdentityRecords.requireClientId(device.clientId())).isEqualTo(device.clientId());
    for (String id :
        List.of(
            "",
            "x",
            device.clientId() + "A",
            "../" + device.clientId().substring(3),
            // The last character of 43 carries four bits; this spelling has others set.
            "A".repeat(42) + "B")) {
      assertThatThrownBy(() -> IdentityRecords.requireClientId(id))
          .as(id)
          .isInstanceOf(IdentityFormatException.class)
          .hasMessageContaining("43 characters");
    }
  }

  /** RFC 7638 with the key of RFC 7515, A.3; the digest was computed by another program. */
  @Test
  void theIdIsTheKeysThumbprint() {
    ClientKey key =
        ClientKey.parse(
            "{\"kty\":\"EC\",\"crv\":\"P-256\","
                + "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                + "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");

    assertThat(key.clientId()).isEqualTo("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    assertThat(ClientKey.parse(key.toJwk())).isEqualTo(key);
  }

  private static void unreadable(String field, NewEvent good, String data) {
    assertThat(data).isNotEqualTo(good.data().toUtf8());
    assertThatThrownBy(() -> IdentityRecords.client(recorded(with(good, data))))
        .as(data)
        .isInstanceOfSatisfying(
            IdentityFormatException.class, e -> assertThat(e.field()).isEqualTo(field))
        .hasMessageContaining("the event at position 7 of source _varve/identity cannot be read");
  }

  private static NewEvent with(NewEvent event, String data) {
    return NewEvent.builder(event.source(), event.type()).key(event.key()).data(data).build();
  }

  private static Event recorded(NewEvent event) {
    return new Event(
        7,
        event.source(),
        1,
        event.type(),
        "",
        "",
        "",
        event.tags(),
        event.key(),
        event.tombstone(),
        event.data(),
        event.contentType(),
        event.metadata(),
        Optional.empty(),
        NOW,
        "",
        "",
        "",
        0);
  }
}
