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
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
)

const scope = "tests.clients"

// The exporters' own first interval is 5 s; that is all that is changed.
const firstInterval, maxInterval, maxElapsed = time.Second, 30 * time.Second, time.Minute

var service = resource.NewSchemaless(attribute.String("service.name", "go sender"))

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

func retried(text string) {
	say("retry", map[string]any{"after": 0, "text": text})
}

// Watched tells of every HTTP attempt that did not succeed.
type watched struct{ next http.RoundTripper }

func (w watched) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(request)
	if err != nil {
		retried(err.Error())
	} else if response.StatusCode >= 500 {
		retried(response.Status)
	}
	return response, err
}

func watchCall(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	err := invoke(ctx, method, request, reply, conn, options...)
	if err != nil && strings.Contains(err.Error(), "Unavailable") {
		retried(err.Error())
	}
	return err
}

func spans(b batch) []trace.ReadOnlySpan {
	kept := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(kept), trace.WithResource(service))
	for number := range b.good {
		_, span := provider.Tracer(scope).Start(context.Background(), fmt.Sprintf("%s.%d", b.name, number))
		span.End()
	}
	made := kept.GetSpans().Snapshots()
	for number := range b.bad {
		broken := tracetest.SpanStub{Name: fmt.Sprintf("%s.bad.%d", b.name, number), Resource: service, StartTime: time.Now(), EndTime: time.Now()}
		made = append(made, broken.Snapshot())
	}
	return made
}

type keeper struct{ records []sdklog.Record }

func (k *keeper) OnEmit(_ context.Context, record *sdklog.Record) error {
	k.records = append(k.records, record.Clone())
	return nil
}
func (k *keeper) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (k *keeper) Shutdown(context.Context) error                         { return nil }
func (k *keeper) ForceFlush(context.Context) error                       { return nil }

func logs(b batch) []sdklog.Record {
	kept := &keeper{}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(kept), sdklog.WithResource(service))
	for number := range b.good {
		var record log.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(log.SeverityInfo)
		record.SetBody(attribute.StringValue(fmt.Sprintf("%s.%d", b.name, number)))
		provider.Logger(scope).Emit(context.Background(), record)
	}
	return kept.records
}

func points(b batch) *metricdata.ResourceMetrics {
	reader := metric.NewManualReader()
	meter := metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(service)).Meter(scope)
	for number := range b.good {
		counter, err := meter.Int64Counter(fmt.Sprintf("%s.%d", b.name, number))
		must(err)
		counter.Add(context.Background(), int64(number))
	}
	made := &metricdata.ResourceMetrics{}
	must(reader.Collect(context.Background(), made))
	made.Resource = service
	broken := metricdata.ScopeMetrics{}
	for number := range b.bad {
		gauge := metricdata.Gauge[int64]{DataPoints: []metricdata.DataPoint[int64]{{Value: int64(number)}}}
		broken.Metrics = append(broken.Metrics, metricdata.Metrics{Name: fmt.Sprintf("%s.bad.%d", b.name, number), Data: gauge})
	}
	if b.bad > 0 {
		made.ScopeMetrics = append(made.ScopeMetrics, broken)
	}
	return made
}

func sendSpans(to trace.SpanExporter) exporter {
	return exporter{func(ctx context.Context, b batch) error { return to.ExportSpans(ctx, spans(b)) }, to.Shutdown}
}

func sendLogs(to sdklog.Exporter) exporter {
	return exporter{func(ctx context.Context, b batch) error { return to.Export(ctx, logs(b)) }, to.Shutdown}
}

func sendPoints(to metric.Exporter) exporter {
	return exporter{func(ctx context.Context, b batch) error { return to.Export(ctx, points(b)) }, to.Shutdown}
}

func overGrpc(signal, compression, endpoint string) exporter {
	ctx := context.Background()
	dial := grpc.WithUnaryInterceptor(watchCall)
	switch signal {
	case "traces":
		retry := otlptracegrpc.RetryConfig{Enabled: true, InitialInterval: firstInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsed}
		options := []otlptracegrpc.Option{otlptracegrpc.WithEndpointURL(endpoint), otlptracegrpc.WithDialOption(dial), otlptracegrpc.WithRetry(retry)}
		if compression != "none" {
			options = append(options, otlptracegrpc.WithCompressor(compression))
		}
		made, err := otlptracegrpc.New(ctx, options...)
		must(err)
		return sendSpans(made)
	case "logs":
		retry := otlploggrpc.RetryConfig{Enabled: true, InitialInterval: firstInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsed}
		options := []otlploggrpc.Option{otlploggrpc.WithEndpointURL(endpoint), otlploggrpc.WithDialOption(dial), otlploggrpc.WithRetry(retry)}
		if compression != "none" {
			options = append(options, otlploggrpc.WithCompressor(compression))
		}
		made, err := otlploggrpc.New(ctx, options...)
		must(err)
		return sendLogs(made)
	default:
		retry := otlpmetricgrpc.RetryConfig{Enabled: true, InitialInterval: firstInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsed}
		options := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpointURL(endpoint), otlpmetricgrpc.WithDialOption(dial), otlpmetricgrpc.WithRetry(retry)}
		if compression != "none" {
			options = append(options, otlpmetricgrpc.WithCompressor(compression))
		}
		made, err := otlpmetricgrpc.New(ctx, options...)
		must(err)
		return sendPoints(made)
	}
}

func overHttp(signal, compression, endpoint string) exporter {
	ctx := context.Background()
	client := &http.Client{Transport: watched{http.DefaultTransport}, Timeout: 10 * time.Second}
	gzip := map[string]int{"none": 0, "gzip": 1}[compression]
	switch signal {
	case "traces":
		retry := otlptracehttp.RetryConfig{Enabled: true, InitialInterval: firstInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsed}
		coding := otlptracehttp.WithCompression(otlptracehttp.Compression(gzip))
		made, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint), coding, otlptracehttp.WithHTTPClient(client), otlptracehttp.WithRetry(retry))
		must(err)
		return sendSpans(made)
	case "logs":
		retry := otlploghttp.RetryConfig{Enabled: true, InitialInterval: firstInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsed}
		coding := otlploghttp.WithCompression(otlploghttp.Compression(gzip))
		made, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(endpoint), coding, otlploghttp.WithHTTPClient(client), otlploghttp.WithRetry(retry))
		must(err)
		return sendLogs(made)
	default:
		retry := otlpmetrichttp.RetryConfig{Enabled: true, InitialInterval: firstInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsed}
		coding := otlpmetrichttp.WithCompression(otlpmetrichttp.Compression(gzip))
		made, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(endpoint), coding, otlpmetrichttp.WithHTTPClient(client), otlpmetrichttp.WithRetry(retry))
		must(err)
		return sendPoints(made)
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
