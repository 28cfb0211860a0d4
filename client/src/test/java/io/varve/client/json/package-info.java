/** Tests of the package of the same name. */
@NullMarked
package io.varve.client.json;

import org.jspecify.annotations.NullMarked;
