/**
 * A span for each request, sent to an OpenTelemetry collector. Loaded only where OTEL_EXPORTER_OTLP_ENDPOINT names one;
 * the libraries read it, and the other OTEL_ variables, themselves.
 */
import { type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const SERVER_ERROR = 500;
const propagator = new W3CTraceContextPropagator();
const headers = {
  get: (carrier: Readonly<Record<string, unknown>>, name: string) => {
    const value = carrier[name];
    return typeof value === 'string' ? value : undefined;
  },
  keys: (carrier: object) => Object.keys(carrier),
};

/** Traces every request of the server from now on; what was not sent yet is sent when it closes. */
export function traceRequests(server: FastifyInstance): void {
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'apledger' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer('apledger');
  const spans = new WeakMap<FastifyRequest, Span>();
  server.addHook('onRequest', async (request) => {
    const parent = propagator.extract(ROOT_CONTEXT, request.headers, headers);
    const { method, routeOptions, url } = request;
    const route = routeOptions.url;
    const attributes: Attributes = {
      'http.request.method': method,
      'url.path': url.split('?', 1)[0] ?? url,
      ...(route === undefined ? {} : { 'http.route': route }),
    };
    const name = route === undefined ? method : `${method} ${route}`;
    spans.set(request, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent));
  });
  server.addHook('onResponse', async (request, { statusCode }) => {
    const span = spans.get(request);
    span?.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= SERVER_ERROR) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  });
  server.addHook('onClose', async () => provider.shutdown());
}
