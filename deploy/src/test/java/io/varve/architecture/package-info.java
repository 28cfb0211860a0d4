/** Which module may know which, enforced. */
@NullMarked
package io.varve.architecture;

import org.jspecify.annotations.NullMarked;
