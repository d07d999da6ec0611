import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.common.TopicPartition;

/**
 * What Kafka's assignors make of seeded groups: 40 each for range and round robin, 40 for sticky in a group that has changed since its
 * last assignment, and the user data of the sticky ones. One scenario a line.
 */
public class Assignors {
  private static final int SCENARIO_COUNT = 40;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Random random;
  private final Map<String, Integer> topics = new TreeMap<>();
  private final Map<String, Subscription> members = new TreeMap<>();

  private Assignors(int seed) {
    random = new Random(seed);
    // t10 sorts before t2: the order is that of strings.
    for (int topic = 0, count = 1 + random.nextInt(5); topic < count; topic++) topics.put("t" + (topic * 3 + 1), 1 + random.nextInt(9));
    boolean equal = random.nextBoolean();
    List<String> all = List.copyOf(topics.keySet());
    for (int member = 0, count = 1 + random.nextInt(7); member < count; member++) join(equal ? all : someOf(all));
  }

  public static void main(String[] args) throws Exception {
    List<String> lines = new ArrayList<>();
    for (int seed = 0; seed < SCENARIO_COUNT; seed++) {
      lines.add(new Assignors(seed).scenario(new RangeAssignor(), Map.of()));
      lines.add(new Assignors(seed).scenario(new RoundRobinAssignor(), Map.of()));
      lines.add(new Assignors(seed).afterChange());
    }
    Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", lines) + "\n]\n");
  }

  private void join(List<String> subscribed) {
    Subscription subscription = new Subscription(subscribed);
    if (random.nextInt(3) == 0) subscription.setGroupInstanceId(Optional.of("instance-" + random.nextInt(1000)));
    members.put("member-" + random.nextInt(100_000), subscription);
  }

  /** Some topics in any order, and at times one that does not exist. */
  private List<String> someOf(List<String> all) {
    List<String> some = new ArrayList<>(all);
    Collections.shuffle(some, random);
    some = new ArrayList<>(some.subList(0, 1 + random.nextInt(all.size())));
    if (random.nextInt(4) == 0) some.add("missing");
    return some;
  }

  /** A sticky group is assigned, then members leave and join and a topic grows, and it is assigned again. */
  @SuppressWarnings("removal") // ConsumerGroupMetadata has no other constructor.
  private String afterChange() throws Exception {
    Map<String, List<TopicPartition>> before = new StickyAssignor().assign(topics, members);
    boolean equal = members.values().stream().map(member -> new TreeSet<>(member.topics())).distinct().count() == 1;
    List<String> subscribed = members.values().iterator().next().topics();
    for (int step = 0, count = 1 + random.nextInt(3); step < count; step++) {
      int change = random.nextInt(3);
      if (change == 0 && members.size() > 1) members.remove(List.copyOf(members.keySet()).get(random.nextInt(members.size())));
      else if (change == 1) join(equal ? subscribed : someOf(List.copyOf(topics.keySet())));
      else topics.merge(subscribed.get(0), 2, Integer::sum);
    }
    topics.remove("missing");
    Map<String, String> userData = new TreeMap<>();
    for (String member : List.copyOf(members.keySet())) {
      Subscription old = members.get(member);
      if (!before.containsKey(member)) continue;
      StickyAssignor sticky = new StickyAssignor();
      CooperativeStickyAssignor cooperative = new CooperativeStickyAssignor();
      ConsumerGroupMetadata generation = new ConsumerGroupMetadata("group", 7, member, Optional.empty());
      sticky.onAssignment(new Assignment(before.get(member)), generation);
      cooperative.onAssignment(new Assignment(before.get(member)), generation);
      ByteBuffer bytes = sticky.subscriptionUserData(new TreeSet<>(old.topics()));
      userData.put(member, hex(bytes) + " " + hex(cooperative.subscriptionUserData(new TreeSet<>(old.topics()))));
      Subscription with = new Subscription(old.topics(), bytes);
      with.setGroupInstanceId(old.groupInstanceId());
      members.put(member, with);
    }
    return scenario(new StickyAssignor(), userData);
  }

  private String scenario(AbstractPartitionAssignor assignor, Map<String, String> userData) throws Exception {
    ObjectNode row = JSON.createObjectNode();
    row.put("assignor", assignor.name());
    row.set("topics", JSON.valueToTree(topics));
    ObjectNode described = row.putObject("members");
    for (Map.Entry<String, Subscription> member : members.entrySet()) {
      ObjectNode node = described.putObject(member.getKey());
      node.put("groupInstanceId", member.getValue().groupInstanceId().orElse(null));
      node.set("topics", JSON.valueToTree(member.getValue().topics()));
      String[] data = userData.getOrDefault(member.getKey(), "").split(" ");
      if (data.length == 2) node.put("stickyHex", data[0]).put("cooperativeHex", data[1]);
    }
    // As a leader does: an assignor is shown the subscribed topics only.
    Map<String, Integer> subscribed = new TreeMap<>(topics);
    subscribed.keySet().removeIf(topic -> members.values().stream().noneMatch(member -> member.topics().contains(topic)));
    ObjectNode assignment = row.putObject("assignment");
    for (Map.Entry<String, List<TopicPartition>> share : new TreeMap<>(assignor.assign(subscribed, members)).entrySet()) {
      Map<String, TreeSet<Integer>> byTopic = new TreeMap<>();
      for (TopicPartition one : share.getValue()) byTopic.computeIfAbsent(one.topic(), topic -> new TreeSet<>()).add(one.partition());
      assignment.set(share.getKey(), JSON.valueToTree(byTopic));
    }
    return JSON.writeValueAsString(row);
  }

  private static String hex(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return HexFormat.of().formatHex(copy);
  }
}
