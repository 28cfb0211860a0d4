@NullMarked
package io.varve.node.metrics;

import org.jspecify.annotations.NullMarked;
