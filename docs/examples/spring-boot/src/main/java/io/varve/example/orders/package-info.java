/** An order service over Varve: what people buy, and never more than is in stock. */
@NullMarked
package io.varve.example.orders;

import org.jspecify.annotations.NullMarked;
