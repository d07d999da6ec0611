import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a group, with Kafka's own client, until its standard input ends; see src/foreign-member.ts for what it prints.
 *
 * GroupMember BOOTSTRAP GROUP TOPIC STRATEGY   the assignor by its name in the protocol
 */
public class GroupMember {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, String> ASSIGNORS = Map.of("range", "RangeAssignor", "roundrobin", "RoundRobinAssignor", "sticky",
      "StickyAssignor", "cooperative-sticky", "CooperativeStickyAssignor");

  private static volatile boolean going = true;

  public static void main(String[] args) throws Exception {
    Map<String, Object> config = Map.of("bootstrap.servers", args[0], "group.id", args[1], "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer." + ASSIGNORS.get(args[3]), "auto.offset.reset", "earliest", "heartbeat.interval.ms", 500);
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      Thread ender = new Thread(() -> {
        try {
          while (System.in.read() >= 0) continue;
        } catch (Exception error) {
          error.printStackTrace();
        }
        going = false;
      });
      ender.setDaemon(true);
      ender.start();
      Set<Integer> held = new TreeSet<>();
      consumer.subscribe(List.of(args[2]), new ConsumerRebalanceListener() {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
          partitions.forEach(partition -> held.add(partition.partition()));
          print("holds", held);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
          partitions.forEach(partition -> held.remove(partition.partition()));
          print("holds", held);
        }
      });
      while (going) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
          print("record", record.partition(), record.offset(), record.key(), record.value());
        }
      }
    }
  }

  private static void print(Object... line) {
    try {
      System.out.println(JSON.writeValueAsString(line));
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }
}
