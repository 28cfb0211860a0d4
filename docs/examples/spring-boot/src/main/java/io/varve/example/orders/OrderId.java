package io.varve.example.orders;

import io.varve.client.commands.EventSourceId;

/** The event source of an order. */
public record OrderId(String value) implements EventSourceId {}
