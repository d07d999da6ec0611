"""A member of a group, with librdkafka, until its standard input ends; see src/foreign-member.ts for what it prints.

group_member.py BOOTSTRAP GROUP TOPIC STRATEGY
"""

import json
import sys
import threading

from confluent_kafka import Consumer, KafkaException

bootstrap, group, topic, strategy = sys.argv[1:]
ended = threading.Event()
held = set()


def show(*line):
    print(json.dumps(line), flush=True)


def wait_for_end():
    sys.stdin.read()
    ended.set()


def on_assign(_consumer, partitions):
    held.update(place.partition for place in partitions)
    show("holds", sorted(held))


def on_revoke(_consumer, partitions):
    held.difference_update(place.partition for place in partitions)
    show("holds", sorted(held))


consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "partition.assignment.strategy": strategy,
        "auto.offset.reset": "earliest",
        "heartbeat.interval.ms": 500,
    }
)
threading.Thread(target=wait_for_end, daemon=True).start()
consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke)
while not ended.is_set():
    message = consumer.poll(0.1)
    if message is None:
        continue
    if message.error() is not None:
        raise KafkaException(message.error())
    show("record", message.partition(), message.offset(), message.key().decode(), message.value().decode())
consumer.close()
