package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
)

// The exporters' own first interval is 5 s; that is all that is changed.
const firstInterval, maxInterval, maxElapsed = time.Second, 30 * time.Second, time.Minute

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
