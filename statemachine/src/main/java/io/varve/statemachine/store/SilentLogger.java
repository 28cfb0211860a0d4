package io.varve.statemachine.store;

import org.rocksdb.InfoLogLevel;
import org.rocksdb.Logger;

/** Says nothing, so that RocksDB writes no log file of its own. */
final class SilentLogger extends Logger {

  SilentLogger() {
    super(InfoLogLevel.HEADER_LEVEL);
  }

  @Override
  protected void log(InfoLogLevel level, String message) {}
}
