package io.varve.client.projections;

import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.serialization.DecodedEvent;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypeId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A handler made of handlers for classes of events: each event is decoded, brought to its newest
 * generation, and given to the handler of its class. Immutable; thread-safe if those are.
 *
 * <p>Events of other classes, and those that the codec does not know, are left out unless {@link
 * Builder#otherwise} says what to do with them. An event that is known and cannot be decoded fails
 * like one that a handler refuses: it is tried again, and then parked.
 *
 * @param <T> the transaction of the projection's store
 */
public final class TypedHandlers<T> implements TransactionalHandler<T> {

  private static final int MAX_TYPES_AN_ITEM = 64;

  /**
   * Applies an event of one class.
   *
   * @param <E> the class
   */
  @FunctionalInterface
  public interface Handler<E> {
    /**
     * Applies an event.
     *
     * @param recorded the event as the log holds it: its position, its recorded time
     * @throws Exception if it could not be applied: it is tried again, and then parked
     */
    void handle(E event, Event recorded) throws Exception;
  }

  /**
   * Applies an event of one class inside the transaction that stores the checkpoint.
   *
   * @param <E> the class
   * @param <T> the transaction
   */
  @FunctionalInterface
  public interface InTransaction<E, T> {
    /**
     * Applies an event.
     *
     * @param recorded the event as the log holds it: its position, its recorded time
     * @param transaction see {@link TransactionalHandler}
     * @throws Exception if it could not be applied: it is tried again, and then parked
     */
    void handle(E event, Event recorded, T transaction) throws Exception;
  }

  private final EventCodec codec;
  private final Map<Class<?>, InTransaction<Object, T>> handlers;
  private final Set<String> types;
  private final TransactionalHandler<? super T> otherwise;

  private TypedHandlers(Builder<T> builder) {
    this.codec = builder.codec;
    this.handlers = Map.copyOf(builder.handlers);
    this.types = new TreeSet<>(builder.types);
    this.otherwise = builder.otherwise;
  }

  /** Starts without any handler. */
  public static <T> Builder<T> builder(EventCodec codec) {
    return new Builder<>(codec);
  }

  /**
   * A filter for the event types that have a handler, whatever their source.
   *
   * @throws IllegalStateException if none has, or more than a filter can name (1,024)
   */
  public Filter filter() {
    List<String> names = List.copyOf(types);
    List<FilterItem> items = new ArrayList<>();
    for (int i = 0; i < names.size(); i += MAX_TYPES_AN_ITEM) {
      items.add(
          FilterItem.builder()
              .types(names.subList(i, Math.min(names.size(), i + MAX_TYPES_AN_ITEM)))
              .build());
    }
    if (items.isEmpty() || items.size() > 16) {
      throw new IllegalStateException(
          "a filter names 1 to 1,024 event types, and " + names.size() + " have a handler");
    }
    return new Filter(items);
  }

  @Override
  public void handle(Event event, T transaction) throws Exception {
    if (codec.decode(event) instanceof DecodedEvent.Known known) {
      InTransaction<Object, T> handler = handlers.get(known.value().getClass());
      if (handler != null) {
        handler.handle(known.value(), event, transaction);
        return;
      }
    }
    otherwise.handle(event, transaction);
  }

  /**
   * Builds {@link TypedHandlers}. Not thread-safe.
   *
   * @param <T> the transaction of the projection's store
   */
  public static final class Builder<T> {
    private final EventCodec codec;
    private final Map<Class<?>, InTransaction<Object, T>> handlers = new LinkedHashMap<>();
    private final Set<String> types = new TreeSet<>();
    private TransactionalHandler<? super T> otherwise = (event, transaction) -> {};

    private Builder(EventCodec codec) {
      this.codec = Objects.requireNonNull(codec, "codec");
    }

    /**
     * What applies events of a class.
     *
     * @param type a class that the codec's event types know, in its newest generation
     * @throws IllegalArgumentException if they do not, or it has a handler already
     */
    public <E> Builder<T> on(Class<E> type, Handler<? super E> handler) {
      Objects.requireNonNull(handler, "handler");
      return on(type, (event, recorded, transaction) -> handler.handle(event, recorded));
    }

    /**
     * What applies events of a class, inside the transaction that stores the checkpoint.
     *
     * @param type a class that the codec's event types know, in its newest generation
     * @throws IllegalArgumentException if they do not, or it has a handler already
     */
    public <E> Builder<T> on(Class<E> type, InTransaction<? super E, ? super T> handler) {
      Objects.requireNonNull(handler, "handler");
      EventTypeId id = codec.types().idOf(type);
      if (codec.types().classOf(id).isEmpty()) {
        throw new IllegalArgumentException(
            type.getName() + " is not registered in the codec's EventTypes: add it there");
      }
      Optional<Class<?>> newer =
          codec.types().classOf(new EventTypeId(id.name(), id.generation() + 1));
      if (newer.isPresent()) {
        throw new IllegalArgumentException(
            type.getName()
                + " is no longer read: its events become "
                + newer.get().getName()
                + ", or newer; handle that");
      }
      InTransaction<Object, T> cast =
          (event, recorded, transaction) -> handler.handle(type.cast(event), recorded, transaction);
      if (handlers.putIfAbsent(type, cast) != null) {
        throw new IllegalArgumentException(type.getName() + " has two handlers: remove one");
      }
      types.add(id.name());
      return this;
    }

    /** What applies every other event, raw. Default: nothing does. */
    public Builder<T> otherwise(TransactionalHandler<? super T> handler) {
      this.otherwise = Objects.requireNonNull(handler, "handler");
      return this;
    }

    /** The handler. */
    public TypedHandlers<T> build() {
      return new TypedHandlers<>(this);
    }
  }
}
