@NullMarked
package io.varve.gateway;

import org.jspecify.annotations.NullMarked;
