package io.varve.cli;

import io.varve.client.Event;
import io.varve.client.json.EventJson;
import io.varve.client.json.Json;

/**
 * Where a command's results go: for people, or one JSON object a line. Not thread-safe; flushed
 * when the command ends, and by whoever must be seen earlier.
 */
final class Output {
  private final Console console;
  private final boolean json;
  private final EventText text = new EventText();

  Output(Console console, boolean json) {
    this.console = console;
    this.json = json;
  }

  boolean json() {
    return json;
  }

  Console console() {
    return console;
  }

  /** One line, as it is. */
  void line(String line) {
    console.out().println(line);
  }

  /** One event. */
  void event(Event event) {
    line(json ? EventJson.write(event) : text.line(event));
  }

  /** One result: its JSON, or its text for people. */
  void result(Json.Writing fields, String people) {
    line(json ? Json.object(fields) : people);
  }

  /** Something for the person who watches, never part of the results. */
  void remark(String line) {
    console.err().println(line);
  }

  void flush() {
    console.out().flush();
  }

  /** Whether whoever read the results has gone, so that printing more is in vain. */
  boolean abandoned() {
    return console.out().checkError();
  }
}
