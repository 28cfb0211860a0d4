package io.varve.faults;

import io.varve.faults.NodeConnection.Sent;
import io.varve.proto.v1.Append;
import java.time.Duration;

/** Somewhere to send appends to: a node, or a log in memory that stands in for one. */
interface AppendTarget {
  /** Sends one append once, without waiting. */
  Sent send(Append append, Duration limit);
}
