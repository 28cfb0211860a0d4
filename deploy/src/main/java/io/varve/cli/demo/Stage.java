package io.varve.cli.demo;

import com.fasterxml.jackson.core.JsonGenerator;
import io.varve.client.json.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the play is shown: numbered steps, sentences, and a tick for everything that held; or one
 * JSON object a step. Not thread-safe.
 */
final class Stage {
  private final PrintStream out;
  private final boolean json;
  private final List<String> held = new ArrayList<>();
  private int number;
  private String title = "";

  Stage(PrintStream out, boolean json) {
    this.out = out;
    this.json = json;
  }

  /** Opens the play. */
  void open(String... lines) {
    for (String line : lines) {
      people(line);
    }
  }

  /** Begins the next step. */
  void step(String title) {
    end();
    number++;
    this.title = title;
    people("");
    people(String.format("%2d. %s", number, title));
  }

  /** A sentence about what happens. */
  void say(String sentence) {
    people("      " + sentence);
  }

  /** Something that was checked and held. */
  void held(String fact) {
    held.add(fact);
    people("    ✓ " + fact);
  }

  /** Closes the play: everything held. */
  void close(String... lines) {
    end();
    people("");
    for (String line : lines) {
      people(line);
    }
  }

  /** Closes the play: the step under way did not hold. */
  void fail(String why) {
    people("    ✗ " + why);
    people("");
    people("Step " + number + " failed: " + title + ".");
    if (json) {
      object(
          step -> {
            step.writeBooleanField("held", false);
            step.writeStringField("failure", why);
          });
    }
  }

  private void end() {
    if (json && number > 0) {
      object(step -> step.writeBooleanField("held", true));
    }
    held.clear();
  }

  private void object(Json.Writing result) {
    out.println(
        Json.object(
            step -> {
              step.writeNumberField("step", number);
              step.writeStringField("title", title);
              result.to(step);
              facts(step);
            }));
    out.flush();
  }

  private void facts(JsonGenerator step) throws IOException {
    step.writeArrayFieldStart("facts");
    for (String fact : held) {
      step.writeString(fact);
    }
    step.writeEndArray();
  }

  private void people(String line) {
    if (!json) {
      out.println(line);
      out.flush();
    }
  }
}
