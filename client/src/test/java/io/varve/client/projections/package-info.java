@NullMarked
package io.varve.client.projections;

import org.jspecify.annotations.NullMarked;
