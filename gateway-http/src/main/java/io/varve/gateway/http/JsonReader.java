package io.varve.gateway.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a body of JSON from its start to its end, once, refusing what is not there to be: fields
 * twice, values of another type, half characters. Whatever it refuses it names by its path. Nesting
 * is bounded by Jackson (1,000). Not thread-safe.
 */
final class JsonReader implements AutoCloseable {
  private static final JsonFactory STRICT =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String json;
  private final JsonParser in;

  /** Whether a string could be half a character: only an escape can name one in valid UTF-8. */
  private final boolean surrogates;

  private JsonReader(String json) throws IOException {
    this.json = json;
    this.in = STRICT.createParser(json);
    this.surrogates = json.contains("\\ud") || json.contains("\\uD");
  }

  /** Reads exactly one object. {@code field} is called at the value of each of its fields. */
  static void object(String json, FieldConsumer field) {
    try (JsonReader reader = new JsonReader(json)) {
      reader.next();
      reader.fields("body", field);
      if (reader.next() != null) {
        throw invalid("body", "something follows the JSON object");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the object the reader stands at. */
  void fields(String path, FieldConsumer field) {
    if (in.currentToken() != JsonToken.START_OBJECT) {
      throw invalid(path, "'" + path + "' must be a JSON object");
    }
    while (next() != JsonToken.END_OBJECT) {
      String name = text();
      next();
      if (in.currentToken() == JsonToken.VALUE_NULL && !name.equals("data")) {
        throw invalid(name, "'" + name + "' is null: leave it out instead");
      }
      field.at(name, this);
    }
  }

  /** Reads the array the reader stands at; {@code element} is called at each element. */
  void array(String path, IntConsumer element) {
    if (in.currentToken() != JsonToken.START_ARRAY) {
      throw invalid(path, "'" + path + "' must be an array");
    }
    int index = 0;
    while (next() != JsonToken.END_ARRAY) {
      element.accept(index++);
    }
  }

  /** Where the value that the reader stands at begins. */
  int begin() {
    return (int) in.currentTokenLocation().getCharOffset();
  }

  /** The text from an offset up to the end of the value that was read last. */
  String since(int begin) {
    return json.substring(begin, (int) in.currentLocation().getCharOffset());
  }

  /** Reads over a value, whatever it is. */
  void skip() {
    int depth = 0;
    JsonToken token = in.currentToken();
    while (token != null) {
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (surrogates && (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME)) {
        text();
      }
      if (depth == 0) {
        break;
      }
      token = next();
    }
    finish();
  }

  /** A string. */
  String text(String field) {
    if (in.currentToken() != JsonToken.VALUE_STRING) {
      throw invalid(field, "'" + field + "' must be a string");
    }
    return text();
  }

  /** A whole number within bounds. */
  long number(String field, long min, long max) {
    if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw invalid(field, "'" + field + "' must be a whole number");
    }
    return Query.number(field, text(), min, max);
  }

  /** Whether the reader stands at a string. */
  boolean atText() {
    return in.currentToken() == JsonToken.VALUE_STRING;
  }

  /** Passes if the value is {@code true}. */
  void requireTrue(String field) {
    if (in.currentToken() != JsonToken.VALUE_TRUE) {
      throw invalid(field, "'" + field + "' must be true, or left out");
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private String text() {
    try {
      String text = in.getText();
      if (surrogates && !wellFormed(text)) {
        throw invalid("body", "a string holds half of a surrogate pair: it is not Unicode text");
      }
      return text;
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void finish() {
    try {
      in.finishToken();
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable JsonToken next() {
    try {
      JsonToken token = in.nextToken();
      if (token == null && !in.getParsingContext().inRoot()) {
        throw invalid("body", "the JSON ends too early");
      }
      return token;
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  private static ProblemException malformed(JsonProcessingException failure) {
    String where =
        failure.getLocation() == null
            ? ""
            : " (line "
                + failure.getLocation().getLineNr()
                + ", column "
                + failure.getLocation().getColumnNr()
                + ")";
    return invalid("body", "the body is not JSON: " + failure.getOriginalMessage() + where);
  }

  static ProblemException invalid(String field, String detail) {
    return new ProblemException(Problem.invalid(field, detail));
  }

  /** Is called at the value of a field and must read it. */
  @FunctionalInterface
  interface FieldConsumer {
    /** Reads the value. */
    void at(String field, JsonReader value);
  }
}
