@NullMarked
package io.varve.client.serialization;

import org.jspecify.annotations.NullMarked;
