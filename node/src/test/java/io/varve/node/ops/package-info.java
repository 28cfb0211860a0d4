@NullMarked
package io.varve.node.ops;

import org.jspecify.annotations.NullMarked;
