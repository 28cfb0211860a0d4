package io.varve.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrantsTest {
  private static final String ID = "Zx9-_".repeat(8) + "abA";
  private static final Grants OWN =
      new Grants(List.of("canvas/"), List.of("canvas/{client}")).of(ID);

  @Test
  void theClientsIdTakesItsPlace() {
    assertThat(OWN.append()).containsExactly("canvas/" + ID);
    assertThat(OWN.mayAppend("canvas/" + ID)).isTrue();
    assertThat(OWN.mayAppend("canvas/" + ID + "/layer")).isTrue();
    assertThat(OWN.mayAppend("canvas/" + ID.toLowerCase(java.util.Locale.ROOT))).isFalse();
    assertThat(OWN.mayAppend("canvas/" + ID.substring(1))).isFalse();
    assertThat(OWN.mayAppend("canvas/{client}")).isFalse();
    assertThat(OWN.mayRead("canvas/somebody")).isTrue();
  }

  /** A source is a name: whatever a file system or a browser would make of it, it stays outside. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "canvas",
        "canvas/",
        "/canvas/ME",
        "./canvas/ME",
        "x/../canvas/ME",
        "canvas//ME",
        "canvas/../ME",
        "canvas/%2e%2e/ME",
        "canvas%2FME",
        "canvas\\ME",
        "CANVAS/ME",
        "canvas\u2215ME",
        "\uff43anvas/ME",
        "canvas/\u200bME",
        "\ufeffcanvas/ME",
        " canvas/ME"
      })
  void otherSpellingsAreOtherSources(String source) {
    assertThat(OWN.mayAppend(source.replace("ME", ID))).isFalse();
  }

  @Test
  void dotsBehindAPrefixLeadNowhereElse() {
    // Within what is granted, and a source of exactly that name: nothing is resolved.
    assertThat(OWN.mayAppend("canvas/" + ID + "/../other")).isTrue();
    assertThat(OWN.mayAppend("canvas/other")).isFalse();
  }

  @Test
  void nobodyAppendsToTheGatewaysOwnSourcesAndOnlyWhoReadsEverythingReadsThem() {
    Grants everything = Grants.everything();
    Grants named =
        new Grants(
            List.of("_varve/", "_varve/identity", "_"), List.of("_varve/", "_varve/identity", "_"));

    assertThat(everything.mayAppend("_varve/identity")).isFalse();
    assertThat(everything.mayAppend("_varve/")).isFalse();
    assertThat(named.mayAppend("_varve/identity")).isFalse();
    assertThat(named.mayAppend("_varved")).isTrue();
    assertThat(everything.mayAppend("_Varve/identity")).isTrue();
    assertThat(everything.mayRead("_varve/identity")).isTrue();
    assertThat(named.mayRead("_varve/identity")).isFalse();
    assertThat(named.mayRead("_x")).isTrue();
    assertThat(named.mayReadPrefix("_varve/")).isFalse();
    assertThat(named.mayReadPrefix("_varve/identity")).isFalse();
    assertThat(named.mayReadPrefix("_")).isFalse();
    assertThat(named.mayReadPrefix("_x")).isTrue();
    assertThat(everything.mayReadPrefix("_")).isTrue();
    assertThat(
            named.mayRead(
                Filter.anyOf(FilterItem.builder().source("_varve/tokens").types("T").build())))
        .isFalse();
  }

  @Test
  void aFilterIsReadableIfEveryItemNamesASourceThatIs() {
    FilterItem granted = FilterItem.builder().source("canvas/x").build();
    FilterItem anywhere = FilterItem.builder().types("Painted").build();

    assertThat(OWN.mayRead(Filter.anyOf(granted))).isTrue();
    assertThat(OWN.mayRead(Filter.anyOf(granted, anywhere))).isFalse();
    assertThat(Grants.everything().mayRead(Filter.anyOf(anywhere))).isTrue();
  }

  @Test
  void aCallerIsToldWhyNot() {
    Caller everybody = new Caller(Optional.empty(), Grants.everything(), Optional.empty());
    Caller client = new Caller(Optional.of(ID), OWN, Optional.empty());

    assertThatThrownBy(() -> everybody.requireAppend("_varve/identity", "events[0].source"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo(ProblemCode.PERMISSION_DENIED);
              assertThat(e.problem().field()).isEqualTo("events[0].source");
              assertThat(e.problem().detail()).contains("the gateway's own");
            });
    everybody.requireRead("_varve/identity", "source");
    assertThatThrownBy(() -> client.requireRead("_varve/tokens", "source"))
        .hasMessageContaining("needs the grant to read every source");
    client.requireAppend("canvas/" + ID, "source");
    assertThatThrownBy(() -> client.requireAppend("canvas/other", "source"))
        .hasMessageContaining("no grant lets this client append to source 'canvas/other'");
  }

  @Test
  void prefixesThatCannotBeMeantAreRefused() {
    assertThatThrownBy(() -> new Grants(List.of(""), List.of()))
        .hasMessageContaining("an empty prefix would read everything: write *");
    assertThatThrownBy(() -> new Grants(List.of(), List.of("canvas/*")))
        .hasMessageContaining("write 'canvas/' rather than 'canvas/*'");
    assertThatThrownBy(() -> new Grants(Collections.nCopies(65, "x"), List.of()))
        .hasMessageContaining("at most 64 prefixes to read: 65");
    assertThatThrownBy(() -> new Grants(List.of(), List.of("\u00e4".repeat(256) + "x")))
        .hasMessageContaining("at most 512 bytes");
    String longest = "x".repeat(512 - 43) + "{client}";
    assertThat(new Grants(List.of(longest), List.of()).of(ID).read().get(0)).hasSize(512);
    assertThatThrownBy(() -> new Grants(List.of("x" + longest), List.of()))
        .hasMessageContaining("at most 512 bytes");
  }
}
