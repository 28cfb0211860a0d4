/**
 * The JSON that Varve speaks on the command line and over HTTP: events, filters, scopes, results
 * and errors, with the field names of DESIGN section 8.
 */
@NullMarked
package io.varve.client.json;

import org.jspecify.annotations.NullMarked;
