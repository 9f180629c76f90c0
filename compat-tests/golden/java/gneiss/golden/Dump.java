// SPDX-License-Identifier: Apache-2.0
package gneiss.golden;

import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HexFormat;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** The fields of a message as JSON, in exactly the form of Describe() in the C++ code. */
final class Dump {
    private final StringBuilder out = new StringBuilder();

    private Dump() {}

    static String of(Message message) throws ReflectiveOperationException {
        Dump dump = new Dump();
        dump.value(message);
        return dump.out.toString();
    }

    private void value(Object value) throws ReflectiveOperationException {
        if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long
                || value instanceof Short || value instanceof Byte) {
            out.append(value);
        } else if (value instanceof Double) {
            BigDecimal exact = new BigDecimal((Double) value);
            out.append(exact.signum() == 0 ? "0" : exact.stripTrailingZeros().toPlainString());
        } else if (value instanceof String) {
            text((String) value);
        } else if (value instanceof Uuid) {
            out.append('"').append(value).append('"');
        } else if (value instanceof byte[]) {
            bytes(ByteBuffer.wrap((byte[]) value));
        } else if (value instanceof ByteBuffer) {
            bytes((ByteBuffer) value);
        } else if (value instanceof MemoryRecords) {
            bytes(((MemoryRecords) value).buffer());
        } else if (value instanceof Collection) {
            array((Collection<?>) value);
        } else {
            struct(value);
        }
    }

    private void struct(Object object) throws ReflectiveOperationException {
        String separator = "{";
        for (Field field : Fields.of(object.getClass())) {
            out.append(separator).append('"').append(field.getName()).append("\":");
            value(field.get(object));
            separator = ",";
        }
        out.append(separator.equals("{") ? "{}" : "}");
    }

    private void array(Collection<?> elements) throws ReflectiveOperationException {
        String separator = "[";
        for (Object element : elements) {
            out.append(separator);
            value(element);
            separator = ",";
        }
        out.append(separator.equals("[") ? "[]" : "]");
    }

    private void bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        out.append('"').append(HexFormat.of().formatHex(bytes)).append('"');
    }

    private void text(String text) {
        out.append('"');
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
