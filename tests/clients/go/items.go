package main

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

const scope = "tests.clients"

var service = resource.NewSchemaless(attribute.String("service.name", "go sender"))

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
