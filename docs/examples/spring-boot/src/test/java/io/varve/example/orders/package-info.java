@NullMarked
package io.varve.example.orders;

import org.jspecify.annotations.NullMarked;
