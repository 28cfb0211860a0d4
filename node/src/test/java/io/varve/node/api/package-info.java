/** Tests of the gRPC API over a local core. */
@NullMarked
package io.varve.node.api;

import org.jspecify.annotations.NullMarked;
