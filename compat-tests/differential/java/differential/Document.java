// SPDX-License-Identifier: Apache-2.0
package differential;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What was answered, as sorted lines of {@code path TAB value}: one line for each field of each
 * answer, found by reflection, so that no field is left out by accident.
 *
 * <p>Threads: one.
 */
final class Document {
  /** Beyond every time limit that a call sets itself. */
  private static final long DEADLINE_SECONDS = 40;

  private static final Set<String> NOT_FIELDS =
      Set.of("equals", "hashCode", "toString", "getClass", "notify", "notifyAll", "wait", "clone");

  private final TreeMap<String, String> lines = new TreeMap<>();
  private final Placeholders placeholders;

  Document(Placeholders placeholders) {
    this.placeholders = placeholders;
  }

  /**
   * Writes every field of {@code value} below {@code path}. Methods of one argument are asked once
   * for each of {@code keys} that fits, as CreateTopicsResult.numPartitions(topic) is.
   */
  void add(String path, Object value, Object... keys) {
    if (value == null) {
      put(path, "null");
    } else if (value instanceof Future<?> future) {
      addOutcome(path, future, keys);
    } else if (value instanceof Throwable error) {
      put(path, "error " + error.getClass().getSimpleName());
    } else if (value instanceof Optional<?> optional) {
      add(path, optional.isPresent() ? optional.get() : "<empty>", keys);
    } else if (value instanceof OptionalInt optional) {
      put(path, optional.isPresent() ? "" + optional.getAsInt() : "<empty>");
    } else if (value instanceof OptionalLong optional) {
      put(path, optional.isPresent() ? "" + optional.getAsLong() : "<empty>");
    } else if (value instanceof Map<?, ?> map) {
      put(path + "/#", "" + map.size());
      map.forEach((key, entry) -> add(path + "/" + placeholders.text(key), entry, keys));
    } else if (value instanceof Collection<?> collection) {
      addAll(path, collection);
    } else if (isPlain(value)) {
      put(path, placeholders.text(value));
    } else {
      addFields(path, value, keys);
    }
  }

  void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    lines.forEach((path, value) -> text.append(path).append('\t').append(value).append('\n'));
    Files.writeString(file, text);
  }

  private void addOutcome(String path, Future<?> future, Object[] keys) {
    Object outcome;
    try {
      outcome = future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | CompletionException failed) {
      outcome = failed.getCause();
    } catch (TimeoutException | InterruptedException late) {
      put(path, "no answer within " + DEADLINE_SECONDS + " s");
      return;
    }
    add(path, outcome == null ? "done" : outcome, keys);
  }

  /** Elements with a name stand under it; of a list the order is told beside. */
  private void addAll(String path, Collection<?> collection) {
    put(path + "/#", "" + collection.size());
    int index = 0;
    for (Object element : collection) {
      Optional<String> name = placeholders.nameOf(element);
      add(path + "/" + name.orElse("" + index),
          name.isPresent() && isPlain(element) ? "in" : element);
      ++index;
    }
  }

  private void addFields(String path, Object value, Object[] keys) {
    List<Method> fields =
        Arrays.stream(value.getClass().getMethods())
            .filter(method
                -> !Modifier.isStatic(method.getModifiers()) && method.getReturnType() != void.class
                    && !NOT_FIELDS.contains(method.getName()))
            .toList();
    for (Method method : fields) {
      // What all() tells is told one by one as well, and which of many errors it tells is chance.
      if (method.getName().equals("all") && fields.size() > 1) {
        continue;
      }
      method.setAccessible(true);
      if (method.getParameterCount() == 0) {
        addField(path + "/" + method.getName(), value, method);
      } else if (method.getParameterCount() == 1) {
        for (Object key : keys) {
          if (method.getParameterTypes()[0].isInstance(key)) {
            addField(
                path + "/" + method.getName() + "/" + placeholders.text(key), value, method, key);
          }
        }
      }
    }
  }

  private void addField(String path, Object value, Method method, Object... arguments) {
    Object field;
    try {
      field = method.invoke(value, arguments);
    } catch (InvocationTargetException thrown) {
      put(path, "throws " + thrown.getCause().getClass().getSimpleName());
      return;
    } catch (IllegalAccessException hidden) {
      throw new AssertionError(hidden);
    }
    Optional<String> placeholder = placeholders.forField(method.getName(), field);
    if (placeholder.isPresent()) {
      put(path, placeholder.get());
    } else {
      add(path, field);
    }
  }

  private static boolean isPlain(Object value) {
    return value instanceof CharSequence || value instanceof Number || value instanceof Boolean
        || value instanceof Enum<?> || Placeholders.isKey(value);
  }

  private void put(String path, String value) {
    String former = lines.put(path, value.replace("\n", "\\n").replace("\t", "\\t"));
    if (former != null && !former.equals(value)) {
      throw new AssertionError("two values of " + path + ": " + former + " and " + value);
    }
  }
}
