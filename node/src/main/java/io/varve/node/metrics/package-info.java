/**
 * The metrics of a node: Dropwizard instruments with labels, help and units, and their Prometheus
 * text. What is measured stands in the rooms it is measured in, one {@code …Metrics} each.
 */
@NullMarked
package io.varve.node.metrics;

import org.jspecify.annotations.NullMarked;
