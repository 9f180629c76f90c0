// SPDX-License-Identifier: Apache-2.0
package gneiss.golden;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.Schema;

/** One of Kafka's generated message classes, under the name that its schema gives it. */
final class MessageType {
    final String name;
    final Class<? extends Message> type;
    final short lowest;
    final short highest;

    private MessageType(String name, Class<? extends Message> type) throws ReflectiveOperationException {
        this.name = name;
        this.type = type;
        this.lowest = type.getField("LOWEST_SUPPORTED_VERSION").getShort(null);
        this.highest = type.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
    }

    /** Every message class in the Kafka archives of the class path, ordered by name. */
    static List<MessageType> all() throws IOException, ReflectiveOperationException {
        List<MessageType> found = new ArrayList<>();
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!path.endsWith(".jar") || !new File(path).getName().startsWith("kafka-")) continue;
            try (JarFile jar = new JarFile(path)) {
                for (JarEntry entry : Collections.list(jar.entries())) addIfMessage(entry.getName(), found);
            }
        }
        found.sort((a, b) -> a.name.compareTo(b.name));
        return found;
    }

    private static void addIfMessage(String entry, List<MessageType> found) throws ReflectiveOperationException {
        boolean generated = entry.matches(".*/(generated|common/message|common/metadata)/[A-Za-z0-9]+\\.class");
        if (!generated) return;
        String className = entry.substring(0, entry.length() - ".class".length()).replace('/', '.');
        Class<?> candidate = Class.forName(className, false, MessageType.class.getClassLoader());
        boolean concrete = !candidate.isInterface() && !Modifier.isAbstract(candidate.getModifiers());
        if (!concrete || !Message.class.isAssignableFrom(candidate)) return;
        MessageType type = new MessageType(schemaName(candidate.getSimpleName()), candidate.asSubclass(Message.class));
        if (type.lowest <= type.highest) found.add(type);
    }

    /** The classes of requests, responses and headers carry a "Data" that the schema does not have. */
    private static String schemaName(String className) {
        return className.matches(".*(Request|Response|Header)Data")
                ? className.substring(0, className.length() - "Data".length())
                : className;
    }

    Message create() throws ReflectiveOperationException {
        return type.getConstructor().newInstance();
    }

    Schema schema(short version) throws ReflectiveOperationException {
        return ((Schema[]) type.getField("SCHEMAS").get(null))[version];
    }

    static byte[] encode(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) throw new IllegalStateException("encoded fewer bytes than counted");
        return buffer.array();
    }

    Message decode(byte[] bytes, short version) throws ReflectiveOperationException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        Message message = create();
        message.read(new ByteBufferAccessor(buffer), version);
        if (buffer.hasRemaining()) throw new IllegalStateException(buffer.remaining() + " bytes are left over");
        return message;
    }
}
