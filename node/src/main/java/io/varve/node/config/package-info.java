/** The configuration file: YAML read with the line of every value, and refused precisely. */
@NullMarked
package io.varve.node.config;

import org.jspecify.annotations.NullMarked;
