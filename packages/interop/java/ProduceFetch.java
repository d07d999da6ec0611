import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Produces to a broker with Kafka's own client, and reads back what is there; see src/foreign-client.ts for what is written and printed.
 *
 * ProduceFetch produce BOOTSTRAP PREFIX COUNT   creates PREFIX-codec for every codec and fills it
 * ProduceFetch fetch BOOTSTRAP TOPIC...         prints every record of the topics
 */
public class ProduceFetch {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PARTITIONS = 3;
  private static final long CREATED_MS = 1_760_000_000_000L;
  private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

  public static void main(String[] args) throws Exception {
    if (args[0].equals("produce")) produce(args[1], args[2], Integer.parseInt(args[3]));
    else fetch(args[1], Arrays.asList(args).subList(2, args.length));
  }

  private static void produce(String bootstrap, String prefix, int count) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.createTopics(CODECS.stream().map(codec -> new NewTopic(prefix + "-" + codec, Optional.of(PARTITIONS), Optional.empty())).toList())
          .all().get();
    }
    for (String codec : CODECS) {
      Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "compression.type", codec, "enable.idempotence", true, "acks", "all",
          "linger.ms", 20);
      try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int index = 0; index < count; index++) {
          String value = index % 50 == 49 ? null : "value-" + index + "-" + "x".repeat(index % 90);
          List<Header> headers = List.of(new RecordHeader("index", Integer.toString(index).getBytes(StandardCharsets.UTF_8)),
              new RecordHeader("null", (byte[]) null));
          sent.add(producer.send(new ProducerRecord<>(prefix + "-" + codec, index % PARTITIONS, CREATED_MS + index, "key-" + index % 7, value,
              headers)));
        }
        for (Future<RecordMetadata> future : sent) future.get();
      }
    }
  }

  private static void fetch(String bootstrap, List<String> topics) throws Exception {
    for (String topic : topics) {
      Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false);
      try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
        List<TopicPartition> partitions = IntStream.range(0, PARTITIONS).mapToObj(index -> new TopicPartition(topic, index)).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
          for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(30))) show(record);
        }
      }
    }
  }

  private static void show(ConsumerRecord<String, String> record) throws Exception {
    ArrayNode line = JSON.createArrayNode().add(record.topic()).add(record.partition()).add(record.offset()).add(record.timestamp());
    line.add(record.key()).add(record.value());
    ArrayNode headers = line.addArray();
    for (Header header : record.headers()) {
      headers.addArray().add(header.key()).add(header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8));
    }
    System.out.println(JSON.writeValueAsString(line));
  }
}
