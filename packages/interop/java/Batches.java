import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

/**
 * Record batches of format 2 as Kafka's own builder writes them, one row each: the header's fields and the records as Kafka reads them
 * back, and the bytes as hex. Keys, values and header values are hex or null. `timestamp` of a record is what a consumer sees, which
 * under LogAppendTime is the batch's; `timestampDelta` is what stands in the record.
 */
public class Batches {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> LINES = new ArrayList<>();
  private static final long CREATED = 1_760_000_000_000L;

  public static void main(String[] args) throws Exception {
    write("one record", new Batch(), row("key", "value"));
    write("null key", new Batch(), row(null, "value"));
    write("null value", new Batch(), row("key", null));
    write("null key and value", new Batch(), row(null, null));
    write("empty key and value", new Batch(), row("", ""));
    write("several records", new Batch().baseOffset(7).leaderEpoch(3), several());
    write("headers", new Batch(), row("key", "value").headers(headers()), row(null, null).headers(new RecordHeader("alone", bytes("x"))));
    write("text beyond ASCII", new Batch(), row("schlüssel", "wert €").headers(new RecordHeader("ключ-🦊", bytes("中文"))));
    write("lengths around the steps of a varint", new Batch(), sized(62), sized(63), sized(64), sized(65), sized(8_191), sized(8_192));
    write("log append time", new Batch().logAppendTime(CREATED + 5_000), several());
    write("idempotent", new Batch().producer(4_000, 2, 17), several());
    write("transactional", new Batch().producer(9_007_199_254_740_991L, Short.MAX_VALUE, 0).transactional(), several());
    write("sequence that wraps", new Batch().producer(1, 0, Integer.MAX_VALUE - 1), several());
    write("large base offset", new Batch().baseOffset((1L << 53) - 1_000).leaderEpoch(Integer.MAX_VALUE), several());
    write("gaps between offsets", new Batch().baseOffset(1L << 40), row("a", "1").offset(1L << 40), row("b", "2").offset((1L << 40) + 127),
        row("c", "3").offset((1L << 40) + 1_000_000), row("d", "4").offset((1L << 40) + Integer.MAX_VALUE));
    write("first record compacted away", new Batch().baseOffset(100), row("a", "1").offset(105), row("b", "2").offset(106));
    write("last offset kept after compaction", new Batch().baseOffset(100).lastOffset(120), row("a", "1").offset(100));
    write("timestamps far apart and backwards", new Batch(), row("a", "1"), row("b", "2").timestamp(CREATED + (1L << 40)),
        row("c", "3").timestamp(CREATED - (1L << 39)), row("d", "4").timestamp(0));
    write("no timestamp", new Batch(), row("a", "1").timestamp(RecordBatch.NO_TIMESTAMP));
    write("delete horizon", new Batch().deleteHorizon(CREATED + 86_400_000), several());
    marker("commit marker", ControlRecordType.COMMIT, 5);
    marker("abort marker", ControlRecordType.ABORT, Integer.MAX_VALUE);
    emptyHeader();
    for (Codec codec : Codec.values()) {
      write("several records", new Batch().codec(codec).baseOffset(7), several());
      write("one empty record", new Batch().codec(codec), row(null, null));
      write("headers", new Batch().codec(codec), row("key", "value").headers(headers()), row("key", "value").headers(headers()));
      Batch transactional = new Batch().codec(codec).producer(7, 1, 0).transactional();
      write("transactional, log append time", transactional.logAppendTime(CREATED + 9), several());
      write("two hundred records", new Batch().codec(codec).producer(8, 0, 5), many());
    }
    Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", LINES) + "\n]\n");
  }

  private enum Codec {
    GZIP(Compression.gzip().build()),
    SNAPPY(Compression.snappy().build()),
    LZ4(Compression.lz4().build()),
    ZSTD(Compression.zstd().build());

    final Compression compression;

    Codec(Compression compression) {
      this.compression = compression;
    }
  }

  private static final class Batch {
    Compression compression = Compression.NONE;
    TimestampType timestampType = TimestampType.CREATE_TIME;
    long logAppendTimeMs = RecordBatch.NO_TIMESTAMP;
    long baseOffset = 0;
    Long lastOffset = null;
    int leaderEpoch = RecordBatch.NO_PARTITION_LEADER_EPOCH;
    long producerId = RecordBatch.NO_PRODUCER_ID;
    short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
    int baseSequence = RecordBatch.NO_SEQUENCE;
    boolean transactional = false;
    long deleteHorizonMs = RecordBatch.NO_TIMESTAMP;

    Batch codec(Codec codec) { compression = codec.compression; return this; }
    Batch baseOffset(long offset) { baseOffset = offset; return this; }
    Batch lastOffset(long offset) { lastOffset = offset; return this; }
    Batch leaderEpoch(int epoch) { leaderEpoch = epoch; return this; }
    Batch transactional() { transactional = true; return this; }
    Batch deleteHorizon(long timestampMs) { deleteHorizonMs = timestampMs; return this; }
    Batch logAppendTime(long timestampMs) { timestampType = TimestampType.LOG_APPEND_TIME; logAppendTimeMs = timestampMs; return this; }

    Batch producer(long id, int epoch, int sequence) {
      producerId = id;
      producerEpoch = (short) epoch;
      baseSequence = sequence;
      return this;
    }

    MemoryRecordsBuilder builder() {
      return new MemoryRecordsBuilder(new ByteBufferOutputStream(64), RecordBatch.MAGIC_VALUE_V2, compression, timestampType, baseOffset,
          logAppendTimeMs, producerId, producerEpoch, baseSequence, transactional, false, leaderEpoch, Integer.MAX_VALUE,
          deleteHorizonMs);
    }
  }

  private static final class Row {
    final byte[] key;
    final byte[] value;
    /** Null: the one after the record before. */
    Long offset = null;
    long timestampMs = CREATED;
    Header[] headers = new Header[0];

    Row(byte[] key, byte[] value) {
      this.key = key;
      this.value = value;
    }

    Row offset(long absolute) { offset = absolute; return this; }
    Row timestamp(long timestamp) { timestampMs = timestamp; return this; }
    Row headers(Header... all) { headers = all; return this; }
  }

  private static Row row(String key, String value) {
    return new Row(bytes(key), bytes(value));
  }

  private static Row[] several() {
    return new Row[] {
      row("first", "one"), row("second", "two").timestamp(CREATED + 1), row("third", null).timestamp(CREATED + 250),
      row(null, "four").timestamp(CREATED + 70_000),
    };
  }

  private static Row[] many() {
    Row[] rows = new Row[200];
    for (int index = 0; index < rows.length; index++) {
      String value = "{\"id\":" + index + ",\"square\":" + index * index + ",\"state\":\"open\"}";
      rows[index] = row("key-" + index % 10, value).timestamp(CREATED + index * 3L);
    }
    return rows;
  }

  private static Row sized(int valueBytes) {
    return row(null, "v".repeat(valueBytes));
  }

  private static Header[] headers() {
    return new Header[] {
      new RecordHeader("trace", bytes("1-a")), new RecordHeader("empty", new byte[0]), new RecordHeader("null", (byte[]) null),
      new RecordHeader("trace", bytes("again")), new RecordHeader("", bytes("no name")),
    };
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  private static void write(String name, Batch batch, Row... rows) throws Exception {
    MemoryRecordsBuilder builder = batch.builder();
    long offset = batch.baseOffset;
    for (Row row : rows) {
      offset = row.offset == null ? offset : row.offset;
      builder.appendWithOffset(offset++, row.timestampMs, row.key, row.value, row.headers);
    }
    if (batch.lastOffset != null) builder.overrideLastOffset(batch.lastOffset);
    add(name, builder.build().buffer(), rows);
  }

  private static void marker(String name, ControlRecordType type, int coordinatorEpoch) throws Exception {
    EndTransactionMarker marker = new EndTransactionMarker(type, coordinatorEpoch);
    add(name, MemoryRecords.withEndTransactionMarker(42, CREATED, 6, 4_000, (short) 3, marker).buffer());
  }

  /** What the cleaner leaves of a batch whose records are all gone: the producer's last sequence must not be forgotten. */
  private static void emptyHeader() throws Exception {
    ByteBuffer buffer = ByteBuffer.allocate(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
    DefaultRecordBatch.writeEmptyHeader(buffer, RecordBatch.MAGIC_VALUE_V2, 4_000, (short) 2, 17, 50, 59, 6,
        TimestampType.CREATE_TIME, CREATED, false, false);
    add("header without records", buffer.flip());
  }

  private static void add(String name, ByteBuffer bytes, Row... rows) throws Exception {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    List<MutableRecordBatch> batches = new ArrayList<>();
    MemoryRecords.readableRecords(ByteBuffer.wrap(copy)).batches().forEach(batches::add);
    if (batches.size() != 1) throw new IllegalStateException(name + ": " + batches.size() + " batches");
    DefaultRecordBatch batch = (DefaultRecordBatch) batches.get(0);
    batch.ensureValid();

    ObjectNode line = JSON.createObjectNode();
    line.put("name", name).put("codec", batch.compressionType().name);
    line.put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset());
    line.put("partitionLeaderEpoch", batch.partitionLeaderEpoch()).put("crc", batch.checksum());
    // Kafka's accessors split the attributes up; in the header they are the int16 at byte 21.
    line.put("attributes", ByteBuffer.wrap(copy).getShort(21)).put("timestampType", batch.timestampType().name);
    line.put("transactional", batch.isTransactional()).put("control", batch.isControlBatch());
    line.put("baseTimestamp", batch.baseTimestamp()).put("maxTimestamp", batch.maxTimestamp());
    if (batch.deleteHorizonMs().isPresent()) line.put("deleteHorizonMs", batch.deleteHorizonMs().getAsLong());
    line.put("producerId", batch.producerId()).put("producerEpoch", batch.producerEpoch()).put("baseSequence", batch.baseSequence());
    line.put("lastSequence", batch.lastSequence());
    ArrayNode records = line.putArray("records");
    int index = 0;
    for (Record record : batch) {
      ObjectNode one = records.addObject();
      long created = rows.length == 0 ? CREATED : rows[index].timestampMs;
      one.put("offset", record.offset()).put("timestamp", record.timestamp()).put("timestampDelta", created - batch.baseTimestamp());
      one.put("key", hex(record.key())).put("value", hex(record.value()));
      ArrayNode headers = one.putArray("headers");
      for (Header header : record.headers()) headers.addObject().put("key", header.key()).put("value", hex(wrap(header.value())));
      index++;
    }
    line.put("hex", HexFormat.of().formatHex(copy));
    LINES.add(JSON.writeValueAsString(line));
  }

  private static ByteBuffer wrap(byte[] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  private static String hex(ByteBuffer buffer) {
    if (buffer == null) return null;
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return HexFormat.of().formatHex(copy);
  }
}
