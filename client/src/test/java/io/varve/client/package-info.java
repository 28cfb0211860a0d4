/** Tests of the client against scripted nodes. */
@NullMarked
package io.varve.client;

import org.jspecify.annotations.NullMarked;
