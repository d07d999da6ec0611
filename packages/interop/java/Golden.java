import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.Readable;

/**
 * What Kafka's own message classes write, for every message that Logwerk speaks, in every version: the default instance, one with every
 * field filled, and those with nulls. The values are made up from the message's schema in the jar; Kafka's JSON converters build the
 * message from them, its generated class writes the bytes, and what it reads back must equal what was written.
 *
 * <p>One file per message in the directory args[0]. A value holds the fields of its version and no others, in the schema's order, named
 * with a small first letter: error codes as names, uuids as 22 characters, bytes and records as hex. A tagged field that is left out has
 * its default. args[1] is the Kafka version.
 */
public class Golden {
  private static final String CLIENTS = "org.apache.kafka.common.message.";
  private static final String GROUP = "org.apache.kafka.coordinator.group.generated.";
  private static final String METADATA = "org.apache.kafka.common.metadata.";
  private static final String[] APIS = {
    "Produce", "Fetch", "ListOffsets", "Metadata", "OffsetCommit", "OffsetFetch", "FindCoordinator", "JoinGroup", "Heartbeat", "LeaveGroup",
    "SyncGroup", "DescribeGroups", "ListGroups", "ApiVersions", "CreateTopics", "DeleteTopics", "DeleteRecords", "InitProducerId",
    "OffsetForLeaderEpoch", "DescribeConfigs", "AlterConfigs", "CreatePartitions", "DeleteGroups", "IncrementalAlterConfigs",
    "OffsetDelete", "DescribeCluster",
  };
  private static final String[] GROUP_RECORDS = {"OffsetCommitKey", "OffsetCommitValue", "GroupMetadataKey", "GroupMetadataValue"};
  private static final String[] METADATA_RECORDS = {
    "TopicRecord", "PartitionRecord", "ConfigRecord", "PartitionChangeRecord", "RemoveTopicRecord", "FeatureLevelRecord",
    "ProducerIdsRecord",
  };
  private static final String[] OTHERS = {
    "ConsumerProtocolSubscription", "ConsumerProtocolAssignment", "ControlRecordTypeSchema", "EndTxnMarker",
  };

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    for (String api : APIS) {
      new Golden(api + "Request", CLIENTS + api + "RequestData", "common/message/").write(directory, args[1]);
      new Golden(api + "Response", CLIENTS + api + "ResponseData", "common/message/").write(directory, args[1]);
    }
    for (String name : GROUP_RECORDS) new Golden(name, GROUP + name, "common/message/").write(directory, args[1]);
    for (String name : METADATA_RECORDS) new Golden(name, METADATA + name, "common/metadata/").write(directory, args[1]);
    for (String name : OTHERS) new Golden(name, CLIENTS + name, "common/message/").write(directory, args[1]);
  }

  private static final ObjectMapper JSON = new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final String name;
  private final Class<?> type;
  private final Class<?> converter;
  private final JsonNode schema;
  private final Map<String, JsonNode> commonStructs = new HashMap<>();

  private Golden(String name, String className, String folder) throws Exception {
    this.name = name;
    type = Class.forName(className);
    converter = Class.forName(className + "JsonConverter");
    try (InputStream in = type.getClassLoader().getResourceAsStream(folder + name + ".json")) {
      schema = JSON.readTree(in);
    }
    for (JsonNode struct : schema.path("commonStructs")) commonStructs.put(struct.get("name").asText(), struct);
  }

  private void write(Path directory, String kafkaVersion) throws Exception {
    Versions versions = Versions.of(schema.get("validVersions").asText());
    // Of InitProducerId's versions the broker does not advertise the last.
    int last = "InitProducerIdRequest".equals(name) || "InitProducerIdResponse".equals(name) ? 5 : versions.last();
    List<String> cases = new ArrayList<>();
    for (int version = versions.first(); version <= last; version++) {
      boolean longString = version == last;
      addCase(cases, version, "default", new Filler(version, Fill.DEFAULT, longString).struct(schema));
      ObjectNode filled = new Filler(version, Fill.ALL, longString).struct(schema);
      addCase(cases, version, "filled", filled);
      // With the outermost fields null there is nothing left inside them, so a second instance has nulls at the leaves only. That one
      // leaves tagged fields out, at every depth.
      Set<ObjectNode> nulls = new LinkedHashSet<>();
      nulls.add(new Filler(version, Fill.NULL, longString).struct(schema));
      nulls.add(new Filler(version, Fill.NULL_LEAVES, longString).struct(schema));
      nulls.remove(filled);
      for (ObjectNode value : nulls) addCase(cases, version, "null", value);
    }
    String source = "Kafka " + kafkaVersion + ", " + type.getName() + ", written by packages/interop/java/Golden.java";
    Files.writeString(
        directory.resolve(name + ".json"),
        "{\"message\":" + JSON.writeValueAsString(name) + ",\"source\":" + JSON.writeValueAsString(source) + ",\"cases\":[\n"
            + String.join(",\n", cases) + "\n]}\n");
  }

  private void addCase(List<String> cases, int version, String kind, ObjectNode value) throws Exception {
    Message message = (Message) read(forKafka(schema, value), (short) version);
    if (kind.equals("default") && !message.equals(type.getConstructor().newInstance())) {
      throw new IllegalStateException(name + " version " + version + ": the schema's defaults are not those of the class");
    }
    // A copy: reading hands out views of the buffer, and their positions must not move ours.
    byte[] bytes = MessageUtil.toByteBufferAccessor(message, (short) version).buffer().array().clone();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    Object again = type.getConstructor(Readable.class, short.class).newInstance(new ByteBufferAccessor(buffer), (short) version);
    if (!again.equals(message) || buffer.hasRemaining()) {
      throw new IllegalStateException(name + " version " + version + ": " + message + " comes back as " + again);
    }
    ObjectNode line = NODES.objectNode();
    line.put("version", version).put("kind", kind).set("value", value);
    cases.add(JSON.writeValueAsString(line.put("hex", HexFormat.of().formatHex(bytes))));
  }

  private Object read(JsonNode value, short version) throws Exception {
    try {
      return converter.getMethod("read", JsonNode.class, short.class).invoke(null, value, version);
    } catch (InvocationTargetException failed) {
      throw new IllegalStateException(name + " version " + version + ": " + failed.getCause().getMessage(), failed.getCause());
    }
  }

  private JsonNode fieldsOf(JsonNode struct) {
    if (struct.has("fields")) return struct.get("fields");
    return commonStructs.get(struct.get("type").asText().replace("[]", "")).get("fields");
  }

  /** Our form of a value as the form that Kafka's JSON converters read: error codes as numbers, bytes as base64. */
  private JsonNode forKafka(JsonNode field, JsonNode value) {
    if (value.isNull()) return value;
    if (value instanceof ArrayNode array) {
      ObjectNode element = field.deepCopy();
      element.put("type", field.get("type").asText().substring(2));
      return NODES.arrayNode().addAll(stream(array).map(one -> forKafka(element, one)).toList());
    }
    if (value instanceof ObjectNode object) {
      ObjectNode converted = NODES.objectNode();
      for (JsonNode inner : fieldsOf(field)) {
        String key = camelCase(inner);
        if (object.has(key)) converted.set(key, forKafka(inner, object.get(key)));
      }
      return converted;
    }
    String kind = field.get("type").asText();
    if (isErrorCode(field)) return NODES.numberNode(Errors.valueOf(value.asText()).code());
    if (kind.equals("bytes") || kind.equals("records")) return NODES.binaryNode(HexFormat.of().parseHex(value.asText()));
    return value;
  }

  private static java.util.stream.Stream<JsonNode> stream(ArrayNode array) {
    return java.util.stream.StreamSupport.stream(array.spliterator(), false);
  }

  private static boolean isErrorCode(JsonNode field) {
    return field.get("type").asText().equals("int16") && field.get("name").asText().endsWith("ErrorCode");
  }

  private static String camelCase(JsonNode field) {
    String name = field.get("name").asText();
    return name.substring(0, 1).toLowerCase() + name.substring(1);
  }

  private record Versions(int first, int last) {
    static Versions of(String text) {
      if (text.equals("none")) return new Versions(0, -1);
      if (text.endsWith("+")) return new Versions(Integer.parseInt(text.substring(0, text.length() - 1)), Short.MAX_VALUE);
      String[] ends = text.split("-");
      return new Versions(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]));
    }

    static boolean has(JsonNode field, String key, int version) {
      if (!field.has(key)) return false;
      Versions versions = of(field.get(key).asText());
      return version >= versions.first && version <= versions.last;
    }
  }

  private enum Fill { DEFAULT, ALL, NULL, NULL_LEAVES }

  /** Makes up the values of one instance. A counter sets every value apart, so that two fields in the wrong order cannot go unseen. */
  private final class Filler {
    private final int version;
    private final Fill fill;
    private int counter;
    /** Whether the next string gets a length that takes two bytes in flexible versions. */
    private boolean longString;

    Filler(int version, Fill fill, boolean longString) {
      this.version = version;
      this.fill = fill;
      this.longString = longString;
    }

    ObjectNode struct(JsonNode of) {
      ObjectNode object = NODES.objectNode();
      for (JsonNode field : fieldsOf(of)) {
        boolean left = fill == Fill.NULL_LEAVES && Versions.has(field, "taggedVersions", version);
        if (Versions.has(field, "versions", version) && !left) object.set(camelCase(field), value(field));
      }
      return object;
    }

    private JsonNode value(JsonNode field) {
      String kind = field.get("type").asText();
      boolean inner = kind.startsWith("[]") || Character.isUpperCase(kind.charAt(0));
      boolean nullable = Versions.has(field, "nullableVersions", version);
      if (fill == Fill.DEFAULT) return defaultOf(field);
      if (nullable && (fill == Fill.NULL || (fill == Fill.NULL_LEAVES && !inner))) return NODES.nullNode();
      if (!kind.startsWith("[]")) return filled(field, kind);
      return NODES.arrayNode().add(filled(field, kind.substring(2))).add(filled(field, kind.substring(2)));
    }

    private JsonNode filled(JsonNode field, String kind) {
      int n = counter++;
      int sign = n % 2 == 0 ? 1 : -1;
      switch (kind) {
        case "bool": return NODES.booleanNode(!field.path("default").asBoolean(false));
        case "int8": return NODES.numberNode(sign * (n % 127 + 1));
        case "int16":
          // Every number but -1 has a name of its own; 0 is the default.
          if (isErrorCode(field)) return NODES.textNode(Errors.forCode((short) (n * 7 % 136 + 1)).name());
          return NODES.numberNode(sign * (n % 127 + 1) * 257);
        case "uint16": return NODES.numberNode(40_000 + n);
        case "int32": return NODES.numberNode(sign * (n % 127 + 1) * 16_909_060);
        case "uint32": return NODES.numberNode(3_000_000_000L + n);
        case "int64": return NODES.numberNode(sign * ((n % 4_000 + 1) * (1L << 41) + n * 1_000_003L));
        case "float64": return NODES.numberNode(sign * (n + 0.25));
        case "uuid": return NODES.textNode(new Uuid(0x0123_4567_89ab_cdefL + n * 0x0101_0101L, -0x0123_4567_89ab_cdefL + n).toString());
        case "bytes", "records": return NODES.textNode(HexFormat.of().formatHex(new byte[] {(byte) n, (byte) 0x80, (byte) -n, 0x7f}));
        case "string": return NODES.textNode(text(field, n));
        default: return struct(field);
      }
    }

    private String text(JsonNode field, int n) {
      String text = camelCase(field) + "-" + n + (n % 4 == 0 ? "-ü€🦊" : "");
      if (!longString) return text;
      longString = false;
      return text + "-long".repeat(26);
    }

    private JsonNode defaultOf(JsonNode field) {
      String kind = field.get("type").asText();
      String given = field.has("default") ? field.get("default").asText() : "";
      if (given.equals("null") || kind.equals("records")) return NODES.nullNode();
      if (kind.startsWith("[]")) return NODES.arrayNode();
      switch (kind) {
        case "bool": return NODES.booleanNode(given.equals("true"));
        case "int16":
          if (isErrorCode(field)) return NODES.textNode(Errors.forCode(given.isEmpty() ? 0 : Short.parseShort(given)).name());
          return integer(given);
        case "int8", "uint16", "int32", "uint32", "int64": return integer(given);
        case "float64": return NODES.numberNode(given.isEmpty() ? 0 : Double.parseDouble(given));
        case "uuid": return NODES.textNode(given.isEmpty() ? Uuid.ZERO_UUID.toString() : given);
        case "string": return NODES.textNode(given);
        case "bytes": return NODES.textNode("");
        default: return struct(field);
      }
    }

    private JsonNode integer(String given) {
      if (given.isEmpty()) return NODES.numberNode(0);
      return NODES.numberNode(given.startsWith("0x") ? new BigInteger(given.substring(2), 16) : new BigInteger(given));
    }
  }
}
