import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.record.internal.ControlRecordType;

/**
 * Prints what Kafka's jars say about messages, as one JSON object: `messages`, the definitions under `common/` of every jar on the class
 * path, without their comments, `apis`, the versions that a broker advertises and the versions of the headers, and
 * `controlRecordTypes`, their numbers.
 */
public class DumpSchemas {
  private static final ObjectMapper JSON = new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);

  public static void main(String[] args) throws Exception {
    ObjectNode dump = JSON.createObjectNode();
    dump.set("messages", messages());
    dump.set("apis", apis());
    ObjectNode controlRecordTypes = dump.putObject("controlRecordTypes");
    for (ControlRecordType type : ControlRecordType.values()) controlRecordTypes.put(type.name(), type.type());
    System.out.println(JSON.writeValueAsString(dump));
  }

  private static ArrayNode messages() throws Exception {
    ArrayNode messages = JSON.createArrayNode();
    for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (!path.endsWith(".jar")) continue;
      try (JarFile jar = new JarFile(path)) {
        List<JarEntry> entries = jar.stream().filter(entry -> entry.getName().matches("common/(message|metadata)/\\w+\\.json")).toList();
        for (JarEntry entry : entries) {
          try (InputStream in = jar.getInputStream(entry)) {
            messages.add((JsonNode) JSON.readTree(in));
          }
        }
      }
    }
    return messages;
  }

  private static ArrayNode apis() {
    ArrayNode apis = JSON.createArrayNode();
    for (ApiKeys key : ApiKeys.values()) {
      key.toApiVersionForApiResponse(false, ListenerType.BROKER).ifPresent(advertised -> {
        ObjectNode api = apis.addObject();
        api.put("key", key.id).put("name", key.name);
        api.putArray("advertised").add(advertised.minVersion()).add(advertised.maxVersion());
        ArrayNode headers = api.putArray("headers");
        for (short version : new ArrayList<>(key.allVersions())) {
          headers.addObject()
              .put("version", version)
              .put("request", key.requestHeaderVersion(version))
              .put("response", key.responseHeaderVersion(version));
        }
      });
    }
    return apis;
  }
}
