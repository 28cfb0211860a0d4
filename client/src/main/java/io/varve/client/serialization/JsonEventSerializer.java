package io.varve.client.serialization;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.introspect.AnnotationIntrospectorPair;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.varve.client.Bytes;
import io.varve.client.commands.EventSourceId;
import java.util.Objects;

/**
 * Events as JSON, by Jackson. Thread-safe.
 *
 * <ul>
 *   <li>A record is an object of its components. One that is missing is null, or an empty {@code
 *       Optional}; a missing primitive is an error. Properties the record does not have are
 *       ignored.
 *   <li>Java time is ISO 8601 text; an offset or a zone is kept as written.
 *   <li>A {@code BigDecimal} is a number, read back exactly, its scale included. (Readers in other
 *       languages may hold it as a double.)
 *   <li>An empty {@code Optional} is left out.
 *   <li>Where a sealed type is declared, the object has a property {@code @type}: the class's
 *       {@link TypeName}, or its event type. It never depends on the name of a Java class, and a
 *       permitted class without such a name is an error.
 *   <li>An {@link EventSourceId} is text.
 * </ul>
 */
public final class JsonEventSerializer implements EventSerializer {

  private static final JsonEventSerializer STANDARD = new JsonEventSerializer(standardMapper());

  private final ObjectMapper mapper;

  private JsonEventSerializer(ObjectMapper mapper) {
    this.mapper = mapper;
  }

  /** The serializer described above. */
  public static JsonEventSerializer standard() {
    return STANDARD;
  }

  /**
   * A serializer that uses an application's own mapper; it decides everything. Start from {@link
   * #standardMapper()} to change only some of it.
   *
   * @param mapper must not be configured any more
   */
  public static JsonEventSerializer using(ObjectMapper mapper) {
    return new JsonEventSerializer(Objects.requireNonNull(mapper, "mapper"));
  }

  /** A new mapper, configured as described above. */
  public static ObjectMapper standardMapper() {
    JsonMapper mapper =
        JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .addModule(new Jdk8Module())
            .addModule(eventSourceIds())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .enable(SerializationFeature.WRITE_DATES_WITH_ZONE_ID)
            .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            // Also in between, where Jackson does not know yet that a decimal is asked for.
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .defaultPropertyInclusion(
                JsonInclude.Value.construct(
                    JsonInclude.Include.NON_ABSENT, JsonInclude.Include.ALWAYS))
            // Components only: a method getX() or isX() of a record is no part of the event.
            .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.IS_GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
            .build();
    mapper.setAnnotationIntrospector(
        AnnotationIntrospectorPair.create(
            new JacksonAnnotationIntrospector(), new SealedTypeIntrospector()));
    return mapper;
  }

  private static SimpleModule eventSourceIds() {
    SimpleModule module = new SimpleModule("varve-event-source-ids");
    module.addSerializer(EventSourceId.class, new EventSourceIdJson.Serializer());
    module.addKeySerializer(EventSourceId.class, new EventSourceIdJson.KeySerializer());
    module.setDeserializers(new EventSourceIdJson.Deserializers());
    module.setKeyDeserializers(new EventSourceIdJson.KeyDeserializers());
    return module;
  }

  @Override
  public String contentType() {
    return "application/json";
  }

  @Override
  public Bytes serialize(Object event) throws Exception {
    return Bytes.wrap(mapper.writeValueAsBytes(event));
  }

  @Override
  public <T> T deserialize(Bytes data, Class<T> type) throws Exception {
    return mapper.readValue(data.toByteArray(), type);
  }
}
