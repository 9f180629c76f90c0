// SPDX-License-Identifier: Apache-2.0
package gneiss.golden;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.protocol.Message;

/**
 * Messages write FILE SEED ROUNDS: random content for every version of every message class.
 * Messages check FILE: decodes what the C++ program wrote, compares the fields, encodes it again.
 *
 * A line of the file is: name, version, bytes in hexadecimal, fields as JSON.
 */
final class Messages {
    private Messages() {}

    public static void main(String[] args) throws Exception {
        if (args[0].equals("write")) {
            write(Path.of(args[1]), Long.parseLong(args[2]), Integer.parseInt(args[3]));
        } else {
            System.exit(check(Path.of(args[1])) ? 0 : 1);
        }
    }

    private static void write(Path path, long seed, int rounds) throws Exception {
        RandomFill random = new RandomFill(seed);
        try (PrintWriter out = new PrintWriter(path.toFile(), StandardCharsets.UTF_8)) {
            for (MessageType type : MessageType.all()) {
                for (short version = type.lowest; version <= type.highest; version++) {
                    for (int round = 0; round < rounds; round++) {
                        Message message = type.create();
                        random.fill(message, type.schema(version));
                        String hex = HexFormat.of().formatHex(MessageType.encode(message, version));
                        out.println(type.name + " " + version + " " + hex + " " + Dump.of(message));
                    }
                }
            }
        }
    }

    private static boolean check(Path path) throws Exception {
        List<MessageType> all = MessageType.all();
        Map<String, MessageType> types = all.stream().collect(Collectors.toMap(t -> t.name, Function.identity()));
        Set<String> missing = new HashSet<>();
        for (MessageType type : all) {
            for (short version = type.lowest; version <= type.highest; version++) missing.add(type.name + " " + version);
        }
        int lines = 0;
        int wrong = 0;
        try (BufferedReader in = Files.newBufferedReader(path)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] parts = line.split(" ", 4);
                missing.remove(parts[0] + " " + parts[1]);
                String difference = difference(types.get(parts[0]), Short.parseShort(parts[1]), parts[2], parts[3]);
                lines++;
                if (difference != null && wrong++ < 20) System.out.println(parts[0] + " v" + parts[1] + ": " + difference);
            }
        }
        System.out.println("java: " + lines + " messages read, " + wrong + " wrong, not covered: " + missing);
        return wrong == 0 && missing.isEmpty() && lines > 0;
    }

    /** What Java sees differently; null if nothing. */
    private static String difference(MessageType type, short version, String hex, String fields) {
        if (type == null) return "unknown to Kafka";
        try {
            Message message = type.decode(HexFormat.of().parseHex(hex), version);
            String seen = Dump.of(message);
            if (!seen.equals(fields)) return "fields differ\n  written " + fields + "\n  read    " + seen;
            String again = HexFormat.of().formatHex(MessageType.encode(message, version));
            return again.equals(hex) ? null : "bytes differ\n  written " + hex + "\n  again   " + again;
        } catch (Exception error) {
            return error.toString();
        }
    }
}
