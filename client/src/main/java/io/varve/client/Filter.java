package io.varve.client;

import java.util.List;

/**
 * Selects events: any of its items may match. A filter without items is refused by the log, never
 * "everything".
 *
 * @param anyOf the alternatives, 1 to 16
 */
public record Filter(List<FilterItem> anyOf) {

  public Filter {
    anyOf = List.copyOf(anyOf);
  }

  /** Events that match any of the items. */
  public static Filter anyOf(FilterItem... items) {
    return new Filter(List.of(items));
  }

  /** Events of any of these event types. */
  public static Filter types(String... types) {
    return anyOf(FilterItem.builder().types(types).build());
  }

  /** Events that carry all of these tags. */
  public static Filter tags(String... tags) {
    return anyOf(FilterItem.builder().tags(tags).build());
  }

  /** Events with this source type. */
  public static Filter sourceType(String sourceType) {
    return anyOf(FilterItem.builder().sourceType(sourceType).build());
  }

  /** Events with this stream type. */
  public static Filter streamType(String streamType) {
    return anyOf(FilterItem.builder().streamType(streamType).build());
  }
}
