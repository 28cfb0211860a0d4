/** Tests of the package of the same name. */
@NullMarked
package io.varve.cli.demo;

import org.jspecify.annotations.NullMarked;
