// SPDX-License-Identifier: Apache-2.0
package gneiss.golden;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;

/** How the fields of a generated class correspond to those of its schemas. */
final class Fields {
    private static final Map<Class<?>, List<Field>> KNOWN = new HashMap<>();

    private Fields() {}

    /** The fields that some version of the class has, in the schema's order. */
    static List<Field> of(Class<?> type) throws ReflectiveOperationException {
        List<Field> known = KNOWN.get(type);
        if (known != null) return known;
        Set<String> names = new HashSet<>();
        for (Schema schema : (Schema[]) type.getField("SCHEMAS").get(null)) {
            if (schema != null) names.addAll(typesIn(schema).keySet());
        }
        List<Field> fields = new ArrayList<>();
        for (Field field : type.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || !names.contains(plain(field.getName()))) continue;
            field.setAccessible(true);
            fields.add(field);
        }
        if (fields.size() != names.size()) throw new IllegalStateException(type + " lacks some of " + names);
        KNOWN.put(type, fields);
        return fields;
    }

    /** The types of one version's fields, tagged ones included, by plain name. */
    static Map<String, org.apache.kafka.common.protocol.types.Type> typesIn(Schema schema) {
        Map<String, org.apache.kafka.common.protocol.types.Type> types = new HashMap<>();
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields) {
                ((TaggedFields) bound.def.type).fields().values().forEach(f -> types.put(plain(f.name), f.type));
            } else {
                types.put(plain(bound.def.name), bound.def.type);
            }
        }
        return types;
    }

    /** Schemas say topic_id where classes say topicId. */
    static String plain(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    /** The class of a collection field's elements. */
    static Class<?> elementClass(Field field) {
        Type generic = field.getGenericType();
        if (!(generic instanceof ParameterizedType)) generic = field.getType().getGenericSuperclass();
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }
}
