@NullMarked
package io.varve.client.aggregates;

import org.jspecify.annotations.NullMarked;
