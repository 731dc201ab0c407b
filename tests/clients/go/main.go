// Sends with the real OpenTelemetry exporters for Go; commands and events are those of ../python_sender.py.
//
// Bad spans have no ids, bad points no time; over protobuf no log record is bad.
// Every failed attempt is told as a retry, without a delay: the exporters do not say whether and when they try again.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
)

type command struct {
	Do        string            `json:"do"`
	Endpoints map[string]string `json:"endpoints"`
	Run       string            `json:"run"`
	Good      int               `json:"good"`
	Bad       int               `json:"bad"`
}

type batch struct {
	name      string
	good, bad int
}

// An exporter sends one batch and can be shut down.
type exporter struct {
	send     func(context.Context, batch) error
	shutdown func(context.Context) error
}

type result struct {
	Result  string  `json:"result"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error"`
}

var printing sync.Mutex

func say(event string, fields map[string]any) {
	printing.Lock()
	defer printing.Unlock()
	told := map[string]any{"event": event}
	for key, value := range fields {
		told[key] = value
	}
	line, err := json.Marshal(told)
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func export(to exporter, b batch) result {
	began := time.Now()
	err := to.send(context.Background(), b)
	told := result{Result: "SUCCESS", Seconds: time.Since(began).Seconds()}
	if err != nil {
		told.Result, told.Error = "FAILURE", err.Error()
	}
	return told
}

func send(exporters map[string]exporter, c command) map[string]result {
	results := map[string]result{}
	var mutex sync.Mutex
	var all sync.WaitGroup
	for key, to := range exporters {
		_, compression, _ := strings.Cut(key, " ")
		all.Go(func() {
			told := export(to, batch{c.Run + "." + compression, c.Good, c.Bad})
			mutex.Lock()
			defer mutex.Unlock()
			results[key] = told
		})
	}
	all.Wait()
	return results
}

func release() string {
	built, _ := debug.ReadBuildInfo()
	for _, module := range built.Deps {
		if module.Path == "go.opentelemetry.io/otel" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return ""
}

func main() {
	open := map[string]func(string, string, string) exporter{"grpc": overGrpc, "http/protobuf": overHttp}[os.Args[1]]
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { say("log", map[string]any{"text": err.Error()}) }))
	exporters := map[string]exporter{}
	say("ready", map[string]any{"release": release()})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var asked command
		must(json.Unmarshal(lines.Bytes(), &asked))
		if asked.Do == "send" {
			say("sent", map[string]any{"results": send(exporters, asked)})
			continue
		}
		for _, old := range exporters {
			must(old.shutdown(context.Background()))
		}
		clear(exporters)
		for key, endpoint := range asked.Endpoints {
			signal, compression, _ := strings.Cut(key, " ")
			exporters[key] = open(signal, compression, endpoint)
		}
		say("opened", nil)
	}
}
