// franz-go:
//
//	franz produce|latency|consume BOOTSTRAP TOPIC COUNT PAYLOADS none|lz4
//
// acks=all and idempotence, its defaults; asynchronous Produce, PollFetches. Prints one line of JSON.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const unmeasuredSends = 100

func main() {
	if len(os.Args) != 7 {
		fail(fmt.Errorf("usage: franz produce|latency|consume BOOTSTRAP TOPIC COUNT PAYLOADS none|lz4"))
	}
	mode, topic := os.Args[1], os.Args[3]
	count := must(strconv.Atoi(os.Args[4]))
	values := bytes.Fields(must(os.ReadFile(os.Args[5])))
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(os.Args[2], ",")...),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(5 * time.Millisecond),
		kgo.MaxBufferedRecords(200_000),
		kgo.ProducerBatchCompression(codec(os.Args[6])),
	}
	switch mode {
	case "latency":
		options = append(options, kgo.ProducerLinger(0))
	case "consume":
		options = append(options,
			kgo.ConsumeTopics(topic),
			kgo.ConsumerGroup(fmt.Sprint("franz-", time.Now().UnixNano())),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.DisableAutoCommit())
	}
	client := must(kgo.NewClient(options...))
	defer client.Close()
	check(client.Ping(context.Background()))
	figures := map[string]any{"n": count, "bytes": count * len(values[0]), "runtime": runtime.Version()}
	switch mode {
	case "produce":
		produce(client, values, count, figures)
	case "latency":
		latency(client, values, count, figures)
	case "consume":
		consume(client, count, figures)
	}
	fmt.Println(string(must(json.Marshal(figures))))
}

func produce(client *kgo.Client, values [][]byte, count int, figures map[string]any) {
	var unacknowledged sync.WaitGroup
	unacknowledged.Add(count)
	acknowledged := func(_ *kgo.Record, err error) {
		check(err)
		unacknowledged.Done()
	}
	began := time.Now()
	for i := range count {
		client.Produce(context.Background(), &kgo.Record{Value: values[i%len(values)]}, acknowledged)
	}
	unacknowledged.Wait()
	figures["secs"] = time.Since(began).Seconds()
}

func latency(client *kgo.Client, values [][]byte, count int, figures map[string]any) {
	send := func(i int) time.Duration {
		began := time.Now()
		check(client.ProduceSync(context.Background(), &kgo.Record{Value: values[i%len(values)]}).FirstErr())
		return time.Since(began)
	}
	for i := range unmeasuredSends {
		send(i)
	}
	took := make([]time.Duration, count)
	began := time.Now()
	for i := range took {
		took[i] = send(i)
	}
	figures["secs"] = time.Since(began).Seconds()
	slices.Sort(took)
	figures["p50"] = took[count/2].Seconds() * 1000
	figures["p99"] = took[count*99/100].Seconds() * 1000
}

func consume(client *kgo.Client, count int, figures map[string]any) {
	began := time.Now()
	var first time.Time
	read, size := 0, 0
	for read < count {
		fetches := client.PollFetches(context.Background())
		check(fetches.Err())
		if read == 0 {
			first = time.Now()
		}
		fetches.EachRecord(func(record *kgo.Record) {
			read++
			size += len(record.Value)
		})
	}
	figures["secs"] = time.Since(first).Seconds()
	figures["join"] = first.Sub(began).Seconds()
	figures["n"], figures["bytes"] = read, size
	client.LeaveGroup()
}

func codec(name string) kgo.CompressionCodec {
	if name == "lz4" {
		return kgo.Lz4Compression()
	}
	return kgo.NoCompression()
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
