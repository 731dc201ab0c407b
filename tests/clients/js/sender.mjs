// Sends with the real OpenTelemetry exporters for JavaScript; commands and events are those of python_sender.py.
//
// Bad spans have ids of zeros, bad points no time, bad log records half a dropped attribute:
// only JSON can say that one, so over protobuf no record is bad. They are copies of good ones, hence `good || 1`.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { diag, DiagLogLevel, ROOT_CONTEXT } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

const SIGNALS = { traces: 'trace', logs: 'logs', metrics: 'metrics' };
const CLASSES = { traces: 'OTLPTraceExporter', logs: 'OTLPLogExporter', metrics: 'OTLPMetricExporter' };
const PACKAGES = { grpc: 'grpc', 'http/json': 'http', 'http/protobuf': 'proto' };
const RETRY = /Scheduling export retry in (\d+)ms/;
const SUCCESS = 0;
const SCOPE = 'tests.clients';

const protocol = process.argv[2];
const installed = new URL('node_modules/@opentelemetry/otlp-exporter-base/package.json', import.meta.url);
const { version: release } = JSON.parse(readFileSync(installed, 'utf8'));
const resource = resourceFromAttributes({ 'service.name': 'javascript sender' });
const count = (number) => Array.from({ length: number }, (_, index) => index);
const idle = { forceFlush: async () => {}, shutdown: async () => {} };

function say(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function told(...parts) {
  const text = parts.map(String).join(' ');
  const retry = RETRY.exec(text);
  if (retry) say('retry', { after: Number(retry[1]) / 1000, text });
  else say('log', { text });
}

function retryOnly(...parts) {
  if (RETRY.test(parts.join(' '))) told(...parts);
}

function spans(run, good, bad) {
  const kept = [];
  const keeper = { ...idle, onStart: () => {}, onEnd: (span) => kept.push(span) };
  const tracer = new BasicTracerProvider({ resource, spanProcessors: [keeper] }).getTracer(SCOPE);
  for (const number of count(good || 1)) {
    tracer.startSpan(`${run}.${number}`, { attributes: { 'gen_ai.request.model': 'gpt-4o' } }, ROOT_CONTEXT).end();
  }
  const nobody = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 1 };
  const broken = count(bad).map((number) =>
    Object.create(kept[0], { name: { value: `${run}.bad.${number}` }, spanContext: { value: () => nobody } }),
  );
  return [...kept.slice(0, good), ...broken];
}

function logs(run, good, bad) {
  const kept = [];
  const keeper = { ...idle, onEmit: (record) => kept.push(record) };
  const logger = new LoggerProvider({ resource, processors: [keeper] }).getLogger(SCOPE);
  for (const number of count(good || 1)) logger.emit({ body: `${run}.${number}`, severityNumber: 9 });
  const broken = count(protocol === 'http/json' ? bad : 0).map((number) =>
    Object.create(kept[0], { body: { value: `${run}.bad.${number}` }, droppedAttributesCount: { value: 0.5 } }),
  );
  return [...kept.slice(0, good), ...broken];
}

class Reader extends MetricReader {
  async onForceFlush() {}

  async onShutdown() {}
}

async function points(run, good, bad) {
  const reader = new Reader();
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter(SCOPE);
  for (const number of count(good || 1)) meter.createCounter(`${run}.${number}`, { unit: 'token' }).add(number);
  const { resourceMetrics } = await reader.collect();
  const [scope] = resourceMetrics.scopeMetrics;
  const broken = count(bad).map((number) => ({
    ...scope.metrics[0],
    descriptor: { ...scope.metrics[0].descriptor, name: `${run}.bad.${number}` },
    dataPoints: [{ startTime: [0, 0], endTime: [0, 0], attributes: {}, value: number }],
  }));
  scope.metrics = [...scope.metrics.slice(0, good), ...broken];
  return resourceMetrics;
}

async function exporterFor(key, url) {
  const [signal, compression] = key.split(' ');
  const module = await import(`@opentelemetry/exporter-${SIGNALS[signal]}-otlp-${PACKAGES[protocol]}`);
  return new module[CLASSES[signal]]({ url, compression });
}

function exported(exporter, batch) {
  const began = performance.now();
  return new Promise((resolve) => {
    exporter.export(batch, ({ code, error }) =>
      resolve({
        result: code === SUCCESS ? 'SUCCESS' : 'FAILURE',
        seconds: (performance.now() - began) / 1000,
        error: error ? String(error) : '',
      }),
    );
  });
}

async function send(exporters, { run, good, bad }) {
  const make = { traces: spans, logs, metrics: points };
  const one = async ([key, exporter]) => {
    const [signal, compression] = key.split(' ');
    return [key, await exported(exporter, await make[signal](`${run}.${compression}`, good, bad))];
  };
  return Object.fromEntries(await Promise.all(Object.entries(exporters).map(one)));
}

async function shutdown(exporters) {
  await Promise.all(Object.values(exporters).map((exporter) => exporter.shutdown()));
}

diag.setLogger(
  { error: told, warn: told, info: told, debug: () => {}, verbose: retryOnly },
  { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
);
let exporters = {};
say('ready', { release });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.do === 'open') {
    await shutdown(exporters);
    exporters = {};
    for (const [key, url] of Object.entries(command.endpoints)) exporters[key] = await exporterFor(key, url);
    say('opened');
  } else {
    say('sent', { results: await send(exporters, command) });
  }
}
await shutdown(exporters);
