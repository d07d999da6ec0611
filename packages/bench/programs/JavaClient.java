import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own client: {@code JavaClient produce|latency|consume BOOTSTRAP TOPIC COUNT PAYLOADS none|lz4}. Its defaults, which are
 * acks=all, idempotence, linger.ms 5 and batches of 16 KiB. Prints one line of JSON.
 */
public final class JavaClient {
  private static final int UNMEASURED_SENDS = 100;

  private final String bootstrap;
  private final String topic;
  private final int count;
  private final byte[][] payloads;

  private JavaClient(String bootstrap, String topic, int count, byte[][] payloads) {
    this.bootstrap = bootstrap;
    this.topic = topic;
    this.count = count;
    this.payloads = payloads;
  }

  public static void main(String[] args) throws Exception {
    byte[][] payloads = Files.readAllLines(Path.of(args[4])).stream().map(String::getBytes).toArray(byte[][]::new);
    JavaClient client = new JavaClient(args[1], args[2], Integer.parseInt(args[3]), payloads);
    switch (args[0]) {
      case "produce" -> client.produce(args[5]);
      case "latency" -> client.latency();
      case "consume" -> client.consume();
      default -> throw new IllegalArgumentException("not a mode: " + args[0]);
    }
  }

  private void produce(String codec) throws Exception {
    AtomicReference<Exception> failure = new AtomicReference<>();
    Callback acknowledged = (metadata, exception) -> {
      if (exception != null) failure.compareAndSet(null, exception);
    };
    try (var producer = producer(Map.of("compression.type", codec))) {
      producer.partitionsFor(topic);
      long began = System.nanoTime();
      for (int i = 0; i < count; i++) producer.send(record(i), acknowledged);
      producer.flush();
      double seconds = secondsSince(began);
      if (failure.get() != null) throw failure.get();
      report(producedBytes(), seconds, "");
    }
  }

  private void latency() throws Exception {
    try (var producer = producer(Map.of("linger.ms", 0))) {
      for (int i = 0; i < UNMEASURED_SENDS; i++) producer.send(record(i)).get();
      double[] took = new double[count];
      long began = System.nanoTime();
      for (int i = 0; i < count; i++) {
        long sent = System.nanoTime();
        producer.send(record(i)).get();
        took[i] = secondsSince(sent) * 1000;
      }
      double seconds = secondsSince(began);
      Arrays.sort(took);
      report(producedBytes(), seconds, String.format(Locale.ROOT, ",\"p50\":%f,\"p99\":%f", took[count / 2], took[count * 99 / 100]));
    }
  }

  private void consume() {
    Map<String, Object> properties = Map.of(
        "bootstrap.servers", bootstrap,
        "group.id", "java-" + System.nanoTime(),
        "auto.offset.reset", "earliest",
        "enable.auto.commit", false);
    try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      long began = System.nanoTime();
      consumer.subscribe(List.of(topic));
      double join = 0;
      long first = 0;
      long bytes = 0;
      for (int read = 0; read < count; ) {
        var records = consumer.poll(Duration.ofMillis(500));
        if (read == 0) {
          first = System.nanoTime();
          join = secondsSince(began);
        }
        for (ConsumerRecord<byte[], byte[]> record : records) bytes += record.value().length;
        read += records.count();
      }
      report(bytes, secondsSince(first), String.format(Locale.ROOT, ",\"join\":%f", join));
    }
  }

  private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
    var properties = new java.util.HashMap<>(more);
    properties.put("bootstrap.servers", bootstrap);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private ProducerRecord<byte[], byte[]> record(int index) {
    return new ProducerRecord<>(topic, payloads[index % payloads.length]);
  }

  private long producedBytes() {
    return (long) count * payloads[0].length;
  }

  private void report(long bytes, double seconds, String more) {
    System.out.printf(
        Locale.ROOT, "{\"n\":%d,\"runtime\":\"Java %s\",\"bytes\":%d,\"secs\":%f%s}%n",
        count, System.getProperty("java.version"), bytes, seconds, more);
  }

  private static double secondsSince(long nanoTime) {
    return (System.nanoTime() - nanoTime) / 1e9;
  }
}
