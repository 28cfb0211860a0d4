/** Routes: requests in, problems and pages out. */
@NullMarked
package io.varve.gateway.http;

import org.jspecify.annotations.NullMarked;
