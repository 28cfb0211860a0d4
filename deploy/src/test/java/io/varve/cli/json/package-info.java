/** Tests of the package of the same name. */
@NullMarked
package io.varve.cli.json;

import org.jspecify.annotations.NullMarked;
