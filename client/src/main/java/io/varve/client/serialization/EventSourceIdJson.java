package io.varve.client.serialization;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.module.SimpleDeserializers;
import com.fasterxml.jackson.databind.module.SimpleKeyDeserializers;
import io.varve.client.commands.EventSourceId;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;

/** Event source ids, subtypes included, as JSON text. */
final class EventSourceIdJson {

  private EventSourceIdJson() {}

  static final class Serializer extends JsonSerializer<EventSourceId> {
    @Override
    public void serialize(EventSourceId id, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(id.value());
    }

    /** Text needs no type, even if the subtype is one of a sealed type. */
    @Override
    public void serializeWithType(
        EventSourceId id, JsonGenerator json, SerializerProvider provider, TypeSerializer type)
        throws IOException {
      serialize(id, json, provider);
    }
  }

  static final class KeySerializer extends JsonSerializer<EventSourceId> {
    @Override
    public void serialize(EventSourceId id, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeFieldName(id.value());
    }
  }

  static final class Deserializers extends SimpleDeserializers {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable JsonDeserializer<?> findBeanDeserializer(
        JavaType type, DeserializationConfig config, BeanDescription description) {
      return EventSourceId.class.isAssignableFrom(type.getRawClass())
          ? new Deserializer(type.getRawClass())
          : null;
    }
  }

  static final class KeyDeserializers extends SimpleKeyDeserializers {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable KeyDeserializer findKeyDeserializer(
        JavaType type, DeserializationConfig config, BeanDescription description) {
      Class<?> raw = type.getRawClass();
      if (!EventSourceId.class.isAssignableFrom(raw)) {
        return null;
      }
      Factory factory = Factory.of(raw);
      return new KeyDeserializer() {
        @Override
        public Object deserializeKey(String key, DeserializationContext context) {
          return factory.make(key);
        }
      };
    }
  }

  private static final class Deserializer extends StdScalarDeserializer<Object> {
    private static final long serialVersionUID = 1L;

    private final transient Factory factory;

    Deserializer(Class<?> type) {
      super(type);
      this.factory = Factory.of(type);
    }

    @Override
    public Object deserialize(JsonParser json, DeserializationContext context) throws IOException {
      if (json.currentToken() != JsonToken.VALUE_STRING) {
        return context.handleUnexpectedToken(handledType(), json);
      }
      return factory.make(json.getText());
    }
  }

  /** What makes an id of a string: a constructor, or a static method {@code of}. */
  private record Factory(Class<?> type, @Nullable Executable maker) {

    static Factory of(Class<?> type) {
      if (type == EventSourceId.class || type == EventSourceId.PlainEventSourceId.class) {
        return new Factory(EventSourceId.class, null);
      }
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals("of")
            && Modifier.isStatic(method.getModifiers())
            && type.isAssignableFrom(method.getReturnType())
            && takesOneString(method)) {
          method.setAccessible(true);
          return new Factory(type, method);
        }
      }
      for (Constructor<?> constructor : type.getDeclaredConstructors()) {
        if (takesOneString(constructor) && !Modifier.isAbstract(type.getModifiers())) {
          constructor.setAccessible(true);
          return new Factory(type, constructor);
        }
      }
      throw new IllegalArgumentException(
          type.getName()
              + " cannot be read from an event: an EventSourceId needs a constructor, or a static"
              + " method of, that takes one String");
    }

    private static boolean takesOneString(Executable maker) {
      return maker.getParameterCount() == 1 && maker.getParameterTypes()[0] == String.class;
    }

    Object make(String value) {
      Executable by = maker;
      try {
        if (by instanceof Constructor<?> constructor) {
          return constructor.newInstance(value);
        }
        return by instanceof Method method ? method.invoke(null, value) : EventSourceId.of(value);
      } catch (InvocationTargetException refused) {
        throw new IllegalArgumentException(
            type.getName() + " refuses '" + value + "': " + refused.getCause(), refused.getCause());
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException(type.getName() + ": " + e.getMessage(), e);
      }
    }
  }
}
