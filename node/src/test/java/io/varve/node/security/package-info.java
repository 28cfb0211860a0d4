@NullMarked
package io.varve.node.security;

import org.jspecify.annotations.NullMarked;
