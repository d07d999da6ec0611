"""Produces to a broker with librdkafka, and reads back what is there; see src/foreign-client.ts for what is written and printed.

produce_fetch.py produce BOOTSTRAP PREFIX COUNT   creates PREFIX-<codec> for every codec and fills it
produce_fetch.py fetch BOOTSTRAP TOPIC...         prints every record of the topics
"""

import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 3
CREATED_MS = 1_760_000_000_000
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def produce(bootstrap, prefix, count):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    created = admin.create_topics([NewTopic(f"{prefix}-{codec}", num_partitions=PARTITIONS, replication_factor=1) for codec in CODECS])
    for future in created.values():
        future.result(30)
    for codec in CODECS:
        failures = []
        producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": codec,
                "linger.ms": 20,
            }
        )
        for index in range(count):
            producer.produce(
                f"{prefix}-{codec}",
                partition=index % PARTITIONS,
                key=f"key-{index % 7}",
                value=None if index % 50 == 49 else f"value-{index}-" + "x" * (index % 90),
                timestamp=CREATED_MS + index,
                headers=[("index", str(index).encode()), ("null", None)],
                on_delivery=lambda error, _message: failures.append(str(error)) if error is not None else None,
            )
        left = producer.flush(60)
        if left > 0 or failures:
            raise SystemExit(f"{codec}: {left} records are not delivered, {failures[:3]}")


def fetch(bootstrap, topics):
    for topic in topics:
        consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "unused",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "check.crcs": True,
            }
        )
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
        ended = set()
        while len(ended) < PARTITIONS:
            message = consumer.poll(30)
            if message is None:
                raise SystemExit(f"{topic}: nothing for 30 seconds")
            error = message.error()
            if error is None:
                show(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                raise KafkaException(error)
        consumer.close()


def show(message):
    text = lambda data: None if data is None else data.decode()
    key, value = text(message.key()), text(message.value())
    headers = [[name, text(data)] for name, data in message.headers() or []]
    print(json.dumps([message.topic(), message.partition(), message.offset(), message.timestamp()[1], key, value, headers]))


command, bootstrap, *rest = sys.argv[1:]
if command == "produce":
    produce(bootstrap, rest[0], int(rest[1]))
else:
    fetch(bootstrap, rest)
