import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RefreshRetriableException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/** Prints Kafka's error codes as a JSON array, with what its clients conclude from the exception behind each. */
public class DumpErrors {
  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    ArrayNode errors = json.createArrayNode();
    for (Errors error : Errors.values()) {
      ApiException exception = error.exception();
      errors.addObject()
          .put("name", error.name())
          .put("number", error.code())
          .put("retriable", exception instanceof RetriableException)
          .put("refreshesMetadata", exception instanceof InvalidMetadataException || exception instanceof RefreshRetriableException);
    }
    System.out.println(json.writeValueAsString(errors));
  }
}
