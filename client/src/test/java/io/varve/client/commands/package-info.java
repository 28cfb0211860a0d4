@NullMarked
package io.varve.client.commands;

import org.jspecify.annotations.NullMarked;
