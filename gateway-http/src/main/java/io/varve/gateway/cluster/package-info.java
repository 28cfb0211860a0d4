/** The way to the cluster behind the gateway. */
@NullMarked
package io.varve.gateway.cluster;

import org.jspecify.annotations.NullMarked;
