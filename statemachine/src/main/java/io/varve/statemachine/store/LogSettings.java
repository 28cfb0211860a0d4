package io.varve.statemachine.store;

import com.google.protobuf.ByteString;

/**
 * What was fixed when the log was founded.
 *
 * @param logIdentity the log identity, 16 bytes
 * @param log the log's name
 * @param dedupWindow for how many positions an append id is remembered, 0 to 2^63−1
 * @param scopeStepLimit how many steps the scopes of one append may take, 0 to 2^63−1
 */
public record LogSettings(
    ByteString logIdentity, String log, long dedupWindow, long scopeStepLimit) {}
