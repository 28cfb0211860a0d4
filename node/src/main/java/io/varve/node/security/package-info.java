/** Who may do what on a node. */
@NullMarked
package io.varve.node.security;

import org.jspecify.annotations.NullMarked;
