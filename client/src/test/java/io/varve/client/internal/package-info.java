/** Tests of the client's parts. */
@NullMarked
package io.varve.client.internal;

import org.jspecify.annotations.NullMarked;
