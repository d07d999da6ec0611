import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.common.serialization.BooleanSerializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.DoubleSerializer;
import org.apache.kafka.common.serialization.FloatSerializer;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.apache.kafka.common.serialization.ListSerializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.ShortSerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.serialization.UUIDSerializer;
import org.apache.kafka.common.serialization.VoidSerializer;

/**
 * What Kafka's own serializers make of values, one row each. In JSON a long is a decimal string, a byte array is hex, and a float or
 * double that JSON cannot say is one of "NaN", "Infinity", "-Infinity" and "-0". Floats are written with all the digits of the double
 * they equal. `hex` is null where the serializer returns null.
 */
public class Serializers {
  /** Escaped, so that no editor joins or drops the combining characters and marks among the strings. */
  private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  private static final List<String> LINES = new ArrayList<>();

  public static void main(String[] args) throws Exception {
    String[] strings = {
      "", "a", "hello", "line\nbreak\t\"quoted\"", "\u0000", "ÄÖÜ äöü ß", "中文", "€", "🦊", "e\u0301", "\uFEFFmark",
      "x".repeat(300), null,
    };
    Short[] shorts = {0, 1, -1, 258, -12_345, Short.MIN_VALUE, Short.MAX_VALUE, null};
    Integer[] integers = {0, 1, -1, 16_909_060, -123_456_789, Integer.MIN_VALUE, Integer.MAX_VALUE, null};
    Long[] longs = {
      0L, 1L, -1L, 72_623_859_790_382_856L, (1L << 53) - 1, 1L << 53, (1L << 53) + 1, -(1L << 53) - 1, Long.MIN_VALUE, Long.MAX_VALUE, null,
    };
    Float[] floats = {
      0f, -0f, 1f, -1.5f, 0.1f, 3.4028235e38f, 1.4e-45f, -1.17549435e-38f, Float.NaN, Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY, null,
    };
    Double[] doubles = {
      0d, -0d, 1d, -1.5d, 0.1d, Math.PI, Double.MAX_VALUE, Double.MIN_VALUE, -Double.MIN_NORMAL, Double.NaN, Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY, null,
    };
    UUID[] uuids = {
      new UUID(0, 0), new UUID(-1, -1), UUID.fromString("123e4567-e89b-12d3-a456-426614174000"),
      UUID.fromString("f81d4fae-7dec-41d0-8765-00a0c91e6bf6"), null,
    };
    Boolean[] booleans = {true, false, null};
    byte[][] byteArrays = {new byte[0], {0}, {-1}, {0, 1, 2, 127, -128, -2}, "text".getBytes(StandardCharsets.UTF_8), null};

    all("String", new StringSerializer(), strings);
    all("Short", new ShortSerializer(), shorts);
    all("Integer", new IntegerSerializer(), integers);
    all("Long", new LongSerializer(), longs);
    all("Float", new FloatSerializer(), floats);
    all("Double", new DoubleSerializer(), doubles);
    all("UUID", new UUIDSerializer(), uuids);
    all("Boolean", new BooleanSerializer(), booleans);
    all("ByteArray", new ByteArraySerializer(), byteArrays);
    all("Void", new VoidSerializer(), new Void[] {null});
    lists("String", new StringSerializer(), strings);
    lists("Short", new ShortSerializer(), shorts);
    lists("Integer", new IntegerSerializer(), integers);
    lists("Long", new LongSerializer(), longs);
    lists("Float", new FloatSerializer(), floats);
    lists("Double", new DoubleSerializer(), doubles);
    lists("UUID", new UUIDSerializer(), uuids);
    lists("Boolean", new BooleanSerializer(), booleans);
    lists("ByteArray", new ByteArraySerializer(), byteArrays);
    Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", LINES) + "\n]\n");
  }

  private static <T> void all(String name, Serializer<T> serializer, T[] values) throws Exception {
    for (T value : values) row(name, null, value, serializer.serialize("topic", value));
  }

  /** No list, an empty one, every value on its own, all but null together, and all with nulls first, between and last. */
  private static <T> void lists(String inner, Serializer<T> serializer, T[] values) throws Exception {
    List<List<T>> lists = new ArrayList<>();
    lists.add(null);
    lists.add(List.of());
    for (T value : values) lists.add(Arrays.asList(value));
    List<T> filled = new ArrayList<>(Arrays.asList(values));
    filled.removeIf(value -> value == null);
    lists.add(filled);
    List<T> holed = new ArrayList<>(filled);
    holed.add(0, null);
    holed.add(2, null);
    holed.add(null);
    lists.add(holed);
    try (ListSerializer<T> list = new ListSerializer<>(serializer)) {
      for (List<T> value : lists) row("List", inner, value, list.serialize("topic", value));
    }
  }

  private static void row(String serializer, String inner, Object value, byte[] bytes) throws Exception {
    ObjectNode row = JSON.createObjectNode();
    row.put("serializer", serializer);
    if (inner != null) row.put("inner", inner);
    row.set("value", jsonOf(value));
    row.put("hex", bytes == null ? null : HexFormat.of().formatHex(bytes));
    LINES.add(JSON.writeValueAsString(row));
  }

  private static JsonNode jsonOf(Object value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (value == null) return nodes.nullNode();
    if (value instanceof List<?> list) return nodes.arrayNode().addAll(list.stream().map(Serializers::jsonOf).toList());
    if (value instanceof Short number) return nodes.numberNode(number);
    if (value instanceof Integer number) return nodes.numberNode(number);
    if (value instanceof Boolean flag) return nodes.booleanNode(flag);
    if (value instanceof byte[] bytes) return nodes.textNode(HexFormat.of().formatHex(bytes));
    if (value instanceof Number number && !(value instanceof Long)) {
      double wide = number.doubleValue();
      if (Double.isNaN(wide) || Double.isInfinite(wide)) return nodes.textNode(Double.toString(wide));
      return wide == 0 && 1 / wide < 0 ? nodes.textNode("-0") : nodes.numberNode(wide);
    }
    return nodes.textNode(value.toString());
  }
}
