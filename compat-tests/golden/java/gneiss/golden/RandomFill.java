// SPDX-License-Identifier: Apache-2.0
package gneiss.golden;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Fills messages with random values: small ones, extremes, defaults, nulls where they are legal. */
final class RandomFill {
    private static final String[] CHARACTERS = {
        "a", "Z", "7", "-", "_", ".", " ", "\"", "\\", "/", "\n", "\u0001", "é", "ß", "日", "語", "€", "\uD83D\uDE42"
    };

    private final Random random;

    RandomFill(long seed) {
        random = new Random(seed);
    }

    /** Sets the fields that `schema`, one version of the object's class, has. */
    void fill(Object object, Schema schema) throws ReflectiveOperationException {
        Map<String, Type> types = Fields.typesIn(schema);
        for (Field field : Fields.of(object.getClass())) {
            Type type = types.get(Fields.plain(field.getName()));
            if (type != null) field.set(object, fieldValue(field, type));
        }
    }

    private Object fieldValue(Field field, Type type) throws ReflectiveOperationException {
        if (type.isNullable() && random.nextInt(3) == 0) return null;
        if (!type.isArray()) return value(field.getType(), type);
        Collection<Object> elements = newCollection(field);
        Type elementType = type.arrayElementType().get();
        int count = random.nextInt(40) == 0 ? 3 + random.nextInt(4) : random.nextInt(3);
        for (int i = 0; i < count; i++) elements.add(value(Fields.elementClass(field), elementType));
        return elements;
    }

    @SuppressWarnings("unchecked")
    private static Collection<Object> newCollection(Field field) throws ReflectiveOperationException {
        if (field.getType().isInterface()) return new ArrayList<>();
        return (Collection<Object>) field.getType().getConstructor().newInstance();
    }

    private Object value(Class<?> target, Type type) throws ReflectiveOperationException {
        if (target == boolean.class) return random.nextBoolean();
        if (target == byte.class || target == Byte.class) return (byte) integer(Byte.MIN_VALUE, Byte.MAX_VALUE);
        if (target == short.class || target == Short.class) return (short) integer(Short.MIN_VALUE, Short.MAX_VALUE);
        if (target == int.class || target == Integer.class) return (int) intValue(type);
        if (target == long.class || target == Long.class) return longValue(type);
        if (target == double.class) return (random.nextInt(1 << 30) - (1 << 29)) / 8.0;
        if (target == String.class) return text();
        if (target == Uuid.class) return random.nextInt(4) == 0 ? Uuid.ZERO_UUID : new Uuid(random.nextLong(), random.nextLong());
        if (target == byte[].class) return bytes(size());
        if (target == ByteBuffer.class) return ByteBuffer.wrap(bytes(size()));
        if (BaseRecords.class.isAssignableFrom(target)) return records();
        Object struct = target.getConstructor().newInstance();
        fill(struct, (Schema) type);
        return struct;
    }

    private long intValue(Type type) {
        return type.toString().equals("UINT16") ? integer(0, 0xFFFF) : integer(Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private long longValue(Type type) {
        return type.toString().equals("UINT32") ? integer(0, 0xFFFFFFFFL) : integer(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    private long integer(long min, long max) {
        switch (random.nextInt(6)) {
            case 0: return 0;
            case 1: return min < 0 ? -1 : max;
            case 2: return min;
            case 3: return max;
            case 4: return random.nextInt(100);
            default: return min < 0 ? random.nextLong() >> Long.numberOfLeadingZeros(max) - 1 : random.nextLong() & max;
        }
    }

    private int size() {
        if (random.nextInt(8) == 0) return 0;
        return random.nextInt(30) == 0 ? 100 + random.nextInt(1000) : random.nextInt(12);
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (int left = size(); left > 0; left--) text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
        return text.toString();
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    /** To a message, records are bytes like others. */
    private MemoryRecords records() {
        return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes(random.nextInt(3) == 0 ? 400 + random.nextInt(900) : size())));
    }
}
