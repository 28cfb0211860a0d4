@NullMarked
package io.varve.gateway.http;

import org.jspecify.annotations.NullMarked;
