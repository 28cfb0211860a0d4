/** What stands between clients and the gateway. */
@NullMarked
package io.varve.gateway.proxy;

import org.jspecify.annotations.NullMarked;
