// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/**
 * Writes random record batches with the classes of the Java clients, and prints batches as those
 * classes read them, in the form of dump_batches.cc.
 *
 * <pre>
 *   RecordBatches.java write SEED COUNT FILE
 *   RecordBatches.java dump FILE
 * </pre>
 */
public class RecordBatches {
  private static final int BATCH_BYTES_MAX = 4 << 20;

  public static void main(String[] args) throws IOException {
    if (args[0].equals("write")) {
      write(new Random(Long.parseLong(args[1])), Integer.parseInt(args[2]), Path.of(args[3]));
    } else {
      dump(ByteBuffer.wrap(Files.readAllBytes(Path.of(args[1]))));
    }
  }

  // ---- Writing

  private static void write(Random random, int count, Path file) throws IOException {
    try (var channel = Files.newByteChannel(
        file, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE)) {
      for (int i = 0; i < count; i++) {
        long baseOffset = random.nextLong() >>> (1 + random.nextInt(62));
        ByteBuffer batch = switch (random.nextInt(12)) {
          case 0 -> marker(random, baseOffset);
          case 1 -> empty(random, baseOffset);
          default -> batch(random, baseOffset, CompressionType.forId(i % 5));
        };
        channel.write(batch);
      }
    }
  }

  private static ByteBuffer marker(Random random, long baseOffset) {
    var type = random.nextBoolean() ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
    return MemoryRecords.withEndTransactionMarker(baseOffset, time(random), random.nextInt(100),
        random.nextInt(1000), (short) random.nextInt(100),
        new EndTransactionMarker(type, random.nextInt(100))).buffer();
  }

  private static ByteBuffer empty(Random random, long baseOffset) {
    ByteBuffer buffer = ByteBuffer.allocate(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
    DefaultRecordBatch.writeEmptyHeader(buffer, RecordBatch.CURRENT_MAGIC_VALUE,
        random.nextInt(100), (short) 1, random.nextInt(100), baseOffset,
        baseOffset + random.nextInt(10), random.nextInt(5), TimestampType.CREATE_TIME,
        time(random), random.nextBoolean(), false);
    return buffer.flip();
  }

  private static ByteBuffer batch(Random random, long baseOffset, CompressionType codec) {
    boolean hasProducer = random.nextBoolean();
    boolean appendTime = random.nextInt(4) == 0;
    long horizon = random.nextInt(6) == 0 ? time(random) : RecordBatch.NO_TIMESTAMP;
    var out = new ByteBufferOutputStream(1024);
    var builder = new MemoryRecordsBuilder(out, RecordBatch.CURRENT_MAGIC_VALUE,
        Compression.of(codec).build(),
        appendTime ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME, baseOffset,
        appendTime ? time(random) : RecordBatch.NO_TIMESTAMP,
        hasProducer ? random.nextLong() >>> 1 : RecordBatch.NO_PRODUCER_ID,
        hasProducer ? (short) random.nextInt(Short.MAX_VALUE) : RecordBatch.NO_PRODUCER_EPOCH,
        hasProducer ? random.nextInt(Integer.MAX_VALUE) : RecordBatch.NO_SEQUENCE,
        hasProducer && random.nextBoolean(), false, random.nextInt(100), BATCH_BYTES_MAX, horizon);
    long offset = baseOffset;
    boolean gaps = random.nextInt(4) == 0;
    for (int left = 1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 20); left > 0; left--) {
      offset += gaps ? random.nextInt(50) : 0;
      builder.appendWithOffset(offset++, time(random), bytes(random), bytes(random),
          headers(random));
    }
    return builder.build().buffer();
  }

  private static long time(Random random) {
    return random.nextInt(10) == 0 ? RecordBatch.NO_TIMESTAMP
                                   : random.nextLong() >>> (20 + random.nextInt(43));
  }

  /** Null, empty, short, or longer than a block of any codec; half of it compressible. */
  private static byte[] bytes(Random random) {
    int kind = random.nextInt(200);
    if (kind < 30) return null;
    byte[] out = new byte[kind < 50 ? 0 : kind < 199 ? random.nextInt(100) : 70_000];
    random.nextBytes(out);
    if (random.nextBoolean()) {
      for (int i = 0; i < out.length; i++) out[i] = (byte) (i % 7);
    }
    return out;
  }

  private static Header[] headers(Random random) {
    Header[] out = new Header[Math.max(0, random.nextInt(6) - 2)];
    for (int i = 0; i < out.length; i++) {
      out[i] = new RecordHeader("h\u00e9".repeat(random.nextInt(3)), bytes(random));
    }
    return out;
  }

  // ---- Printing

  private static void dump(ByteBuffer bytes) throws IOException {
    try (var out = new PrintStream(System.out, false, "UTF-8")) {
      for (MutableRecordBatch batch : MemoryRecords.readableRecords(bytes).batches()) {
        batch.ensureValid();
        out.println("batch base=" + batch.baseOffset() + " last=" + batch.lastOffset()
            + " next=" + batch.nextOffset() + " codec=" + batch.compressionType().id
            + " log_append_time=" + (batch.timestampType() == TimestampType.LOG_APPEND_TIME)
            + " transactional=" + batch.isTransactional() + " control=" + batch.isControlBatch()
            + " horizon=" + batch.deleteHorizonMs().orElse(-1) + " max_time="
            + batch.maxTimestamp() + " producer=" + batch.producerId() + ","
            + batch.producerEpoch() + "," + batch.baseSequence() + "," + batch.lastSequence()
            + " leader_epoch=" + batch.partitionLeaderEpoch() + " count=" + batch.countOrNull());
        for (Record record : batch) {
          out.println("  " + record.offset() + " time=" + record.timestamp() + " key="
              + hex(record.hasKey() ? record.key() : null) + " value="
              + hex(record.hasValue() ? record.value() : null) + headersOf(record));
          if (batch.isControlBatch()) {
            var marker = EndTransactionMarker.deserialize(record);
            out.println("  marker " + marker.controlType().type() + " "
                + marker.coordinatorEpoch());
          }
        }
      }
    }
  }

  private static String headersOf(Record record) {
    List<String> parts = new ArrayList<>();
    for (Header header : record.headers()) {
      parts.add(hex(ByteBuffer.wrap(header.key().getBytes(java.nio.charset.StandardCharsets.UTF_8)))
          + ":" + hex(header.value() == null ? null : ByteBuffer.wrap(header.value())));
    }
    return " headers=" + String.join(",", parts);
  }

  private static String hex(ByteBuffer bytes) {
    if (bytes == null) return "null";
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return HexFormat.of().formatHex(copy);
  }
}
