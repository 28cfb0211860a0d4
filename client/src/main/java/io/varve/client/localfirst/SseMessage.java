package io.varve.client.localfirst;

/**
 * One message of an event stream.
 *
 * @param event its name; {@code message} when it has none
 * @param data its lines, joined by line feeds
 * @param id the last id that the stream had named by then; empty = none yet
 */
record SseMessage(String event, String data, String id) {}
