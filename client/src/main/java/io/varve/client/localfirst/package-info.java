/**
 * Local-first: write and read while offline, synchronize exactly once through a gateway.
 *
 * <p>A {@link io.varve.client.localfirst.LocalBuffer} keeps what a device or a service appends in a
 * file of its own, numbers it, and pushes it in that order whenever a gateway answers; the log
 * takes every number once, however often it is sent. A {@link
 * io.varve.client.localfirst.LocalSource} shows an event source as the log has it, with the
 * buffer's own events on top until they come back from the log. Everybody who has pulled the same
 * events shows the same state.
 *
 * <pre>{@code
 * try (LocalBuffer buffer =
 *     LocalBuffer.builder().gateway(URI.create("http://localhost:8080")).directory(path).open()) {
 *   LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas/main");
 *   canvas.append(canvas.event("Painted").key("4:2").data("\"red\"").build()); // is on disk
 *   canvas.state().get("4:2").data().toUtf8();
 * }
 * }</pre>
 */
@NullMarked
package io.varve.client.localfirst;

import org.jspecify.annotations.NullMarked;
