/** The snippets of the documentation's pages, compiled and run. */
@NullMarked
package io.varve.testkit.docs;

import org.jspecify.annotations.NullMarked;
