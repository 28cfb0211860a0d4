@NullMarked
package io.varve.client.localfirst;

import org.jspecify.annotations.NullMarked;
