package io.varve.faults;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.SubscribeRequest;
import java.util.List;

/** Which of {@link DeviceLoad}'s events a subscription asks for, and from where on. */
record Selected(String name, Kind kind, int number, boolean fromHead) {

  /** What selects. */
  enum Kind {
    /** Everything. */
    LOG,
    /** One device. */
    SOURCE,
    /** A tag, which a tenth of the devices carry. */
    TAG,
    /** Any of three devices, one of which must have a certain type. */
    DEVICES
  }

  Selected(Kind kind, int number, boolean fromHead) {
    this(
        kind + (kind == Kind.LOG ? "" : "-" + number) + (fromHead ? " from the head" : ""),
        kind,
        number,
        fromHead);
  }

  /** Whether it selects a device's events. */
  boolean selects(int device) {
    return switch (kind) {
      case LOG -> true;
      case SOURCE -> device == number;
      case TAG -> DeviceLoad.shard(device) == number;
      case DEVICES -> devices().contains(device);
    };
  }

  /** What to send for it. */
  SubscribeRequest request() {
    SubscribeRequest.Builder request = SubscribeRequest.newBuilder();
    switch (kind) {
      case LOG -> {}
      case SOURCE -> request.setSource(DeviceLoad.source(number));
      case TAG ->
          request.setFilter(
              Filter.newBuilder()
                  .addAnyOf(
                      FilterItem.newBuilder()
                          .setSourceType("Device")
                          .addTags(DeviceLoad.tag(number))));
      case DEVICES -> {
        Filter.Builder filter = Filter.newBuilder();
        for (int device : devices()) {
          filter.addAnyOf(
              FilterItem.newBuilder().setSource(DeviceLoad.source(device)).addTypes("Measured"));
        }
        request.setFilter(filter);
      }
    }
    return fromHead ? request.setAfterHead(true).build() : request.setAfterPosition(0).build();
  }

  private List<Integer> devices() {
    return List.of(
        number % DeviceLoad.DEVICES,
        (number + 77) % DeviceLoad.DEVICES,
        (number + 154) % DeviceLoad.DEVICES);
  }

  @Override
  public String toString() {
    return name;
  }
}
