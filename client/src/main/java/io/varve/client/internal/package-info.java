/** How the client does it. Nothing here is for callers; all of it changes without notice. */
@NullMarked
package io.varve.client.internal;

import org.jspecify.annotations.NullMarked;
