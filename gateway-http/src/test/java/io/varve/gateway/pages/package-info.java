/** The pages the gateway serves, in a real browser. */
@NullMarked
package io.varve.gateway.pages;

import org.jspecify.annotations.NullMarked;
