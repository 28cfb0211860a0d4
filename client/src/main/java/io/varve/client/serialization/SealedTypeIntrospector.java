package io.varve.client.serialization;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.core.Version;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedClass;
import com.fasterxml.jackson.databind.introspect.NopAnnotationIntrospector;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.jsontype.TypeResolverBuilder;
import com.fasterxml.jackson.databind.jsontype.impl.StdTypeResolverBuilder;
import io.varve.client.commands.EventType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lets Jackson tell the permitted classes of a sealed type apart by stable names. Asked second:
 * Jackson's own annotations on a type win.
 */
final class SealedTypeIntrospector extends NopAnnotationIntrospector {
  private static final long serialVersionUID = 1L;

  private static final String PROPERTY = "@type";

  @Override
  public Version version() {
    return Version.unknownVersion();
  }

  @Override
  public @Nullable TypeResolverBuilder<?> findTypeResolver(
      MapperConfig<?> config, AnnotatedClass type, JavaType baseType) {
    if (!type.getRawType().isSealed()) {
      return null;
    }
    return new StdTypeResolverBuilder()
        .init(
            JsonTypeInfo.Value.construct(
                JsonTypeInfo.Id.NAME, JsonTypeInfo.As.PROPERTY, PROPERTY, null, false, true, true),
            null);
  }

  @Override
  public @Nullable List<NamedType> findSubtypes(Annotated type) {
    Class<?> raw = type.getRawType();
    if (!raw.isSealed()) {
      return null;
    }
    Map<String, Class<?>> names = new HashMap<>();
    List<NamedType> found = new ArrayList<>();
    collect(raw, raw, names, found);
    return found;
  }

  @Override
  public @Nullable String findTypeName(AnnotatedClass type) {
    return nameOf(type.getRawType());
  }

  private static void collect(
      Class<?> sealed, Class<?> type, Map<String, Class<?>> names, List<NamedType> found) {
    for (Class<?> permitted : type.getPermittedSubclasses()) {
      if (permitted.isSealed()) {
        collect(sealed, permitted, names, found);
        continue;
      }
      String name = nameOf(permitted);
      if (name == null) {
        throw new IllegalArgumentException(
            permitted.getName()
                + " has no stable name within the sealed "
                + sealed.getName()
                + ": annotate it with @TypeName(\"…\") or @EventType(\"…\")");
      }
      Class<?> other = names.putIfAbsent(name, permitted);
      if (other != null && other != permitted) {
        throw new IllegalArgumentException(
            other.getName()
                + " and "
                + permitted.getName()
                + " have the same name '"
                + name
                + "' within the sealed "
                + sealed.getName()
                + ": rename one");
      }
      found.add(new NamedType(permitted, name));
    }
  }

  private static @Nullable String nameOf(Class<?> type) {
    TypeName own = type.getAnnotation(TypeName.class);
    if (own != null) {
      return own.value();
    }
    JsonTypeName jackson = type.getAnnotation(JsonTypeName.class);
    if (jackson != null) {
      return jackson.value();
    }
    EventType event = type.getAnnotation(EventType.class);
    if (event != null) {
      return event.value().isEmpty() ? type.getSimpleName() : event.value();
    }
    return null;
  }
}
