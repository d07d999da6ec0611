import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/** Where Kafka's default partitioner puts 400 keys: their murmur2 hash, and their partition for four partition counts. */
public class Partitions {
  private static final int KEY_COUNT = 400;
  private static final int MAX_KEY_BYTES = 40;
  private static final int[] PARTITION_COUNTS = {3, 6, 12, 1000};
  /** One to four bytes in UTF-8. */
  private static final String[] LETTERS = {"a", "Z", "7", "ß", "é", "中", "€", "🦊"};

  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    for (byte[] key : keys()) {
      ObjectNode row = json.createObjectNode();
      row.put("keyHex", HexFormat.of().formatHex(key));
      row.put("murmur2", Utils.murmur2(key));
      ObjectNode partitions = row.putObject("partitions");
      for (int count : PARTITION_COUNTS) partitions.put(Integer.toString(count), BuiltInPartitioner.partitionForKey(key, count));
      lines.add(json.writeValueAsString(row));
    }
    Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", lines) + "\n]\n");
  }

  /** Distinct keys of every length: raw bytes, whose high bits trip a hash that sign-extends, and text beyond ASCII. */
  private static Iterable<byte[]> keys() {
    Set<String> taken = new LinkedHashSet<>();
    int seed = 20_251;
    for (int index = 0; taken.size() < KEY_COUNT; index++) {
      byte[] key = new byte[index % (MAX_KEY_BYTES + 1)];
      for (int at = 0; at < key.length; at++) {
        seed = seed * 1_103_515_245 + 12_345;
        key[at] = (byte) (seed >>> 16);
      }
      if (index % 3 == 1) key = text(index);
      taken.add(HexFormat.of().formatHex(key));
    }
    return taken.stream().map(HexFormat.of()::parseHex)::iterator;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** As many letters as fit. */
  private static byte[] text(int index) {
    String text = "";
    for (int step = index; ; step = step * 5 + 3) {
      String longer = text + LETTERS[Math.floorMod(step >> 2, LETTERS.length)];
      if (utf8(longer).length > index % (MAX_KEY_BYTES + 1)) return utf8(text);
      text = longer;
    }
  }
}
