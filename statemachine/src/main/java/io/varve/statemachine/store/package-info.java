/**
 * How the log stands on disk: one RocksDB, one class per column family, and nothing outside them
 * knows keys. {@code docs/storage-format.md} specifies every byte.
 *
 * <p>The write-ahead log is off, because the Raft log is one: whatever was written since the last
 * flush is lost in a crash and applied again. All column families are flushed together, so that a
 * store always reopens as of one applied index.
 *
 * <p>Internal to the state machine; its public types are for the packages beside it.
 */
@NullMarked
package io.varve.statemachine.store;

import org.jspecify.annotations.NullMarked;
