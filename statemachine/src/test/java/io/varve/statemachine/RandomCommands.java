package io.varve.statemachine;

import static io.varve.statemachine.TestLog.exactly;
import static io.varve.statemachine.TestLog.mustExist;
import static io.varve.statemachine.TestLog.scope;
import static io.varve.statemachine.TestLog.when;
import static io.varve.statemachine.TestLog.withId;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/** Made-up appends and filters over few names, so that they meet often. */
final class RandomCommands {

  private final SplittableRandom random;

  /** Appends with an id, of which the last few are repeated now and then. */
  private final List<Append> identified = new ArrayList<>();

  RandomCommands(long seed) {
    random = new SplittableRandom(seed);
  }

  int nextInt(int from, int to) {
    return random.nextInt(from, to);
  }

  /** Between one and eight appends. */
  Append[] entry(long head) {
    Append[] appends = new Append[random.nextInt(1, 9)];
    for (int i = 0; i < appends.length; i++) {
      appends[i] = append(head);
    }
    return appends;
  }

  private Append append(long head) {
    if (!identified.isEmpty() && random.nextInt(5) == 0) {
      return identified.get(identified.size() - 1 - random.nextInt(Math.min(4, identified.size())));
    }
    NewEvent[] events = new NewEvent[random.nextInt(1, 4)];
    for (int i = 0; i < events.length; i++) {
      events[i] = event();
    }
    Append append = TestLog.append(events);
    if (random.nextInt(3) == 0) {
      append = when(append, exactly(source(), random.nextInt(4)));
    }
    if (random.nextInt(3) == 0) {
      append = when(append, scope(head == 0 ? 0 : random.nextLong(head + 1), item()));
    }
    if (random.nextInt(6) == 0) {
      append = when(append, mustExist(source()));
    }
    if (random.nextInt(3) == 0) {
      append = withId(new UUID(0, random.nextInt(40)), head, append);
      identified.add(append);
    }
    return append;
  }

  private NewEvent event() {
    NewEvent.Builder event = NewEvent.newBuilder().setSource(source()).setType(type());
    if (random.nextBoolean()) {
      event.setSourceType("st" + random.nextInt(2));
    }
    if (random.nextBoolean()) {
      event.setStreamType("mt" + random.nextInt(2)).setStreamId("mi" + random.nextInt(2));
    }
    for (int tag = 0; tag < 5; tag++) {
      if (random.nextInt(3) == 0) {
        event.addTags("tag" + tag);
      }
    }
    if (random.nextInt(4) == 0) {
      event.setKey("key" + random.nextInt(3)).setTombstone(random.nextBoolean());
    }
    return event.setData(ByteString.copyFromUtf8("" + random.nextInt(100))).build();
  }

  /** Names at least one label. */
  FilterItem item() {
    FilterItem.Builder item = FilterItem.newBuilder();
    switch (random.nextInt(4)) {
      case 0 -> item.setSource(source());
      case 1 -> item.addTypes(type()).addTypes(type());
      case 2 -> item.addTags("tag" + random.nextInt(6));
      default -> item.setStreamType("mt" + random.nextInt(3));
    }
    if (random.nextInt(3) == 0) {
      item.setSourceType("st" + random.nextInt(3));
    }
    if (random.nextInt(3) == 0) {
      item.addTags("tag" + random.nextInt(6));
    }
    if (random.nextInt(4) == 0) {
      item.setStreamId("mi" + random.nextInt(2));
    }
    return item.build();
  }

  private String source() {
    return "s" + random.nextInt(7);
  }

  private String type() {
    return "T" + random.nextInt(5);
  }
}
