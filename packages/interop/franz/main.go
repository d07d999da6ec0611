// Produces to a broker with franz-go, and reads back what is there; see src/foreign-client.ts for what is written and printed.
//
//	franz produce BOOTSTRAP PREFIX COUNT   creates PREFIX-codec for every codec and fills it
//	franz fetch BOOTSTRAP TOPIC...         prints every record of the topics
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	partitions = 3
	createdMs  = 1_760_000_000_000
)

var codecs = []struct {
	name  string
	codec kgo.CompressionCodec
}{
	{"none", kgo.NoCompression()},
	{"gzip", kgo.GzipCompression()},
	{"snappy", kgo.SnappyCompression()},
	{"lz4", kgo.Lz4Compression()},
	{"zstd", kgo.ZstdCompression()},
}

func main() {
	context, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var err error
	if os.Args[1] == "produce" {
		var count int
		if count, err = strconv.Atoi(os.Args[4]); err == nil {
			err = produce(context, os.Args[2], os.Args[3], count)
		}
	} else {
		err = fetch(context, os.Args[2], os.Args[3:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func produce(context context.Context, bootstrap, prefix string, count int) error {
	for _, codec := range codecs {
		// Idempotent by default.
		client, err := kgo.NewClient(
			kgo.SeedBrokers(bootstrap),
			kgo.ProducerBatchCompression(codec.codec),
			kgo.ProducerLinger(20*time.Millisecond),
			kgo.RecordPartitioner(kgo.ManualPartitioner()),
		)
		if err != nil {
			return err
		}
		topic := prefix + "-" + codec.name
		if err := create(context, client, topic); err != nil {
			return fmt.Errorf("%s: %w", topic, err)
		}
		records := make([]*kgo.Record, count)
		for index := range records {
			records[index] = record(topic, index)
		}
		if err := client.ProduceSync(context, records...).FirstErr(); err != nil {
			return fmt.Errorf("%s: %w", topic, err)
		}
		client.Close()
	}
	return nil
}

func create(context context.Context, client *kgo.Client, topic string) error {
	wanted := kmsg.NewCreateTopicsRequestTopic()
	wanted.Topic, wanted.NumPartitions, wanted.ReplicationFactor = topic, partitions, -1
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = append(request.Topics, wanted)
	response, err := request.RequestWith(context, client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.Topics[0].ErrorCode)
}

func record(topic string, index int) *kgo.Record {
	record := &kgo.Record{
		Topic:     topic,
		Partition: int32(index % partitions),
		Timestamp: time.UnixMilli(createdMs + int64(index)),
		Key:       []byte(fmt.Sprintf("key-%d", index%7)),
		Headers:   []kgo.RecordHeader{{Key: "index", Value: []byte(strconv.Itoa(index))}, {Key: "null", Value: nil}},
	}
	if index%50 != 49 {
		record.Value = []byte(fmt.Sprintf("value-%d-%s", index, strings.Repeat("x", index%90)))
	}
	return record
}

func fetch(context context.Context, bootstrap string, topics []string) error {
	for _, topic := range topics {
		starts := map[int32]kgo.Offset{}
		for partition := int32(0); partition < partitions; partition++ {
			starts[partition] = kgo.NewOffset().AtStart()
		}
		client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}))
		if err != nil {
			return err
		}
		ends := map[int32]bool{}
		for len(ends) < partitions {
			fetches := client.PollFetches(context)
			if err := fetches.Err(); err != nil {
				return fmt.Errorf("%s: %w", topic, err)
			}
			fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
				for _, record := range fetched.Records {
					show(record)
					ends[fetched.Partition] = ends[fetched.Partition] || record.Offset+1 == fetched.HighWatermark
				}
			})
		}
		client.Close()
	}
	return nil
}

func show(record *kgo.Record) {
	text := func(data []byte) any {
		if data == nil {
			return nil
		}
		return string(data)
	}
	headers := [][]any{}
	for _, header := range record.Headers {
		headers = append(headers, []any{header.Key, text(header.Value)})
	}
	line, err := json.Marshal([]any{
		record.Topic, record.Partition, record.Offset, record.Timestamp.UnixMilli(), text(record.Key), text(record.Value), headers,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
