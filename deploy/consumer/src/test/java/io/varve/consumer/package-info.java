@NullMarked
package io.varve.consumer;

import org.jspecify.annotations.NullMarked;
