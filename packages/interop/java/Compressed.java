import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

/**
 * What Kafka's codecs make of a stretch of bytes, as they do of the records in a batch. Large inputs are not written down but described:
 * the file says how to make them. Bytes are base64.
 */
public class Compressed {
  private static final String[] WORDS = {
    "offset", "\"topic\":\"orders\",", "\"id\":", "partition", "}\n{", "null", "2026-11-21T", "größe", "0", "17", "true,",
    "\"price\":9.99,", "key", "leader", "aaaaaaaa", "€",
  };
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> LINES = new ArrayList<>();

  public static void main(String[] args) throws Exception {
    for (Codec codec : Codec.values()) {
      Compression usual = codec.usual;
      literal(codec, usual, "nothing", "");
      literal(codec, usual, "one byte", "k");
      literal(codec, usual, "a few words", "Kafka's own words, and again Kafka's own words.");
      made(codec, usual, "incompressible", random(1, 300));
      made(codec, usual, "incompressible beyond a block", random(2, 70_000));
      made(codec, usual, "one value, over and over", repeat(97, 300_000));
      // Snappy's blocks are of 32 KiB, lz4's of 64 KiB, and zstd's of 128 KiB.
      made(codec, usual, "exactly 32 KiB", words(3, 32_768));
      made(codec, usual, "exactly 64 KiB", words(4, 65_536));
      made(codec, usual, "many blocks", words(5, 150_000));
      for (Compression other : codec.others) made(codec, other, "a few kilobytes", words(6, 4_000));
    }
    ObjectNode head = JSON.createObjectNode();
    head.put("source", "Kafka " + args[1] + ", org.apache.kafka.common.compress, written by packages/interop/java/Compressed.java");
    ObjectNode generators = head.putObject("generators");
    String step = "state starts as the seed, an unsigned 32-bit number; each step sets state = (state * 1664525 + 1013904223) mod 2^32";
    generators.put("random", step + " and gives the byte state >>> 24");
    generators.put("words", step + " and gives words[state >>> 28] in UTF-8, without anything between; cut after sizeBytes bytes");
    generators.put("repeat", "the byte, sizeBytes times");
    head.set("words", JSON.valueToTree(WORDS));
    String text = JSON.writeValueAsString(head);
    Files.writeString(Path.of(args[0]), text.substring(0, text.length() - 1) + ",\"cases\":[\n" + String.join(",\n", LINES) + "\n]}\n");
  }

  private enum Codec {
    GZIP(Compression.gzip().build(), Compression.gzip().level(1).build(), Compression.gzip().level(9).build()),
    SNAPPY(Compression.snappy().build()),
    LZ4(Compression.lz4().build(), Compression.lz4().level(1).build(), Compression.lz4().level(17).build()),
    ZSTD(Compression.zstd().build(), Compression.zstd().level(-5).build(), Compression.zstd().level(19).build());

    final Compression usual;
    final Compression[] others;

    Codec(Compression usual, Compression... others) {
      this.usual = usual;
      this.others = others;
    }
  }

  private record Made(ObjectNode how, byte[] bytes) {}

  private static Made random(int seed, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    for (int at = 0, state = seed; at < sizeBytes; at++) bytes[at] = (byte) ((state = next(state)) >>> 24);
    return new Made(JSON.createObjectNode().put("generator", "random").put("seed", seed).put("sizeBytes", sizeBytes), bytes);
  }

  private static Made words(int seed, int sizeBytes) {
    ByteBuffer text = ByteBuffer.allocate(sizeBytes + 64);
    for (int state = seed; text.position() < sizeBytes; ) text.put(WORDS[(state = next(state)) >>> 28].getBytes(StandardCharsets.UTF_8));
    ObjectNode how = JSON.createObjectNode().put("generator", "words").put("seed", seed).put("sizeBytes", sizeBytes);
    return new Made(how, Arrays.copyOf(text.array(), sizeBytes));
  }

  private static Made repeat(int value, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    Arrays.fill(bytes, (byte) value);
    return new Made(JSON.createObjectNode().put("generator", "repeat").put("byte", value).put("sizeBytes", sizeBytes), bytes);
  }

  private static int next(int state) {
    return state * 1_664_525 + 1_013_904_223;
  }

  private static void literal(Codec codec, Compression compression, String name, String text) throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    made(codec, compression, name, new Made(JSON.createObjectNode().put("base64", Base64.getEncoder().encodeToString(bytes)), bytes));
  }

  private static void made(Codec codec, Compression compression, String name, Made input) throws Exception {
    ByteBufferOutputStream target = new ByteBufferOutputStream(512);
    try (OutputStream out = compression.wrapForOutput(target, RecordBatch.MAGIC_VALUE_V2)) {
      // In pieces, as records come.
      for (int at = 0; at < input.bytes.length; at += 997) out.write(input.bytes, at, Math.min(997, input.bytes.length - at));
    }
    ByteBuffer compressed = target.buffer().flip();
    byte[] bytes = new byte[compressed.remaining()];
    compressed.duplicate().get(bytes);
    try (InputStream in = compression.wrapForInput(compressed, RecordBatch.MAGIC_VALUE_V2, BufferSupplier.NO_CACHING)) {
      if (!Arrays.equals(in.readAllBytes(), input.bytes)) throw new IllegalStateException(name + ": does not come back");
    }
    ObjectNode line = JSON.createObjectNode().put("codec", compression.type().name).put("name", name);
    if (compression != codec.usual) line.put("level", levelOf(compression));
    line.set("input", input.how);
    line.put("inputSizeBytes", input.bytes.length);
    line.put("inputSha256", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(input.bytes)));
    line.put("compressed", Base64.getEncoder().encodeToString(bytes));
    LINES.add(JSON.writeValueAsString(line));
  }

  private static int levelOf(Compression compression) throws Exception {
    java.lang.reflect.Field level = compression.getClass().getDeclaredField("level");
    level.setAccessible(true);
    return level.getInt(compression);
  }
}
