package io.varve.node.api;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.varve.node.LocalReplicator;
import java.util.List;
import java.util.Random;

/** Random messages of any type: well-formed for Protocol Buffers, and whatever else for Varve. */
final class RandomMessages {

  private static final List<String> TEXTS =
      List.of("", "a", "b", "T", "s-1", "ä€😀", "a\0b", "x".repeat(600), "tag:1", " ");
  private static final long[] NUMBERS = {0, 1, 2, 3, 7, 100, 1L << 32, Long.MAX_VALUE, -1};
  private static final int MAX_REPEATED = 3;

  private final Random random;

  RandomMessages(long seed) {
    this.random = new Random(seed);
  }

  Message like(Message type) {
    Message.Builder message = type.newBuilderForType();
    for (FieldDescriptor field : type.getDescriptorForType().getFields()) {
      if (field.getName().equals("log") || field.getName().equals("log_identity")) {
        // Otherwise hardly one would come any further.
        if (random.nextInt(10) == 0) {
          message.setField(field, value(message, field));
        } else if (field.getName().equals("log_identity") && random.nextBoolean()) {
          message.setField(field, LocalReplicator.LOG_IDENTITY);
        }
      } else if (field.isRepeated()) {
        for (int i = random.nextInt(MAX_REPEATED + 1); i > 0; i--) {
          message.addRepeatedField(field, value(message, field));
        }
      } else if (random.nextInt(3) > 0) {
        message.setField(field, value(message, field));
      }
    }
    return message.build();
  }

  byte[] bytes() {
    byte[] bytes = new byte[random.nextInt(200)];
    random.nextBytes(bytes);
    return bytes;
  }

  private Object value(Message.Builder of, FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case STRING -> TEXTS.get(random.nextInt(TEXTS.size()));
      case BYTE_STRING -> ByteString.copyFrom(random.nextBoolean() ? new byte[16] : bytes());
      case INT -> (int) NUMBERS[random.nextInt(NUMBERS.length)];
      case LONG -> NUMBERS[random.nextInt(NUMBERS.length)];
      case BOOLEAN -> random.nextBoolean();
      case ENUM -> {
        List<EnumValueDescriptor> values = field.getEnumType().getValues();
        yield values.get(random.nextInt(values.size()));
      }
      case MESSAGE -> like(of.newBuilderForField(field).build());
      case FLOAT -> random.nextFloat();
      case DOUBLE -> random.nextDouble();
    };
  }
}
