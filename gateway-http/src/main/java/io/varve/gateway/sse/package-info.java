/** Streams: one upstream subscription shared by many followers. */
@NullMarked
package io.varve.gateway.sse;

import org.jspecify.annotations.NullMarked;
