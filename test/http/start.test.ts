/** How the service begins, says where it is, or why it cannot; and what it tells a collector of traces. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type LedgerProcess, register, startProcess } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { give, startService } from './support.ts';

let running: LedgerProcess[] = [];
const start = async (...args: string[]) => {
  const service = await startService('--data', scratch(), ...args);
  running.push(service.process);
  return service;
};
afterEach(async () => {
  for (const process of running) process.signal('SIGKILL');
  await Promise.all(running.map((process) => process.ended()));
  running = [];
});

async function failed(...args: string[]): Promise<{ status: number | null; output: string }> {
  const process = startProcess('--data', scratch(), ...args);
  return { status: await process.ended(), output: process.output() };
}

describe('the service', () => {
  it('says where the console, the API and the next command are', async () => {
    const { process, server } = await start();
    await process.said(/ask it: npx apledger show host --server/);
    expect(process.output()).toContain(`console ${server}/, API ${server}/openapi.json`);
    expect(await (await fetch(server)).text()).toContain('<title>apledger');
  });

  it('listens on any loopback address, also of IPv6', async () => {
    for (const host of ['127.0.0.2', '::1']) {
      const { server } = await start('--host', host);
      expect((await fetch(`${server}/readyz`)).status).toBe(200);
    }
  });

  it.each(['0.0.0.0', '::', ...externalAddresses()])('refuses %s, and says why', async (address) => {
    const { status, output } = await failed('--host', address);
    expect(status).toBe(2);
    expect(output).toMatch(/loopback addresses only .*no access control.*ssh -L/);
  });

  it('says that its port is taken', async () => {
    const { port } = await start();
    const { status, output } = await failed('--port', String(port));
    expect(status).toBe(2);
    expect(output).toMatch(/--port \d+: another program listens there \(EADDRINUSE\)/);
    expect(output).not.toMatch(/ {4}at /);
  });

  it('is found by nobody from elsewhere', async () => {
    const { port } = await start();
    for (const address of externalAddresses())
      await expect(fetch(`http://${address}:${port}/healthz`)).rejects.toThrow();
  });
});

/** This machine's addresses that others reach. */
function externalAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address),
  );
}

describe('traces', () => {
  interface Sent {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly object[] };
      readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[];
    }[];
  }

  it('go to the collector that the environment names, and belong to the asker`s own', async () => {
    const sent: Sent[] = [];
    const collector = createServer(async (request, response) => {
      if (request.url === '/v1/traces') sent.push(JSON.parse(await text(request)) as Sent);
      response.setHeader('content-type', 'application/json').end('{}');
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const address = collector.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
    const service = await start().finally(() => delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
    await give(service.api, 'lpar1', register('lpar1'));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await fetch(`${service.server}/api/v1/hosts/lpar1`, { headers: { traceparent } });
    service.process.signal('SIGTERM');
    expect(await service.process.ended()).toBe(0);
    collector.close();
    const spans = sent.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
    expect(spans).toMatchObject([
      { name: 'POST /api/v1/hosts/:host/commands', kind: 2 },
      {
        name: 'GET /api/v1/hosts/:host',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        attributes: expect.arrayContaining([
          { key: 'http.response.status_code', value: { intValue: 200 } },
          { key: 'url.path', value: { stringValue: '/api/v1/hosts/lpar1' } },
        ]),
      },
    ]);
    expect(sent[0]?.resourceSpans[0]?.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'apledger' },
    });
  });

  it('load nothing where nobody asked for them', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      const { openLogLedger } = await import('@apledger/ledger');
      const { buildServer } = await import('@apledger/ledger-service');
      const ledger = await openLogLedger({ data: ${JSON.stringify(scratch())} });
      const server = await buildServer({ ledger, console: '/nowhere', report: () => {} });
      await server.close();
      await ledger.close();
      console.log(JSON.stringify(loaded));
    `;
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, flags, { cwd: import.meta.dirname });
    const loaded = JSON.parse(await text(child.stdout)) as string[];
    expect(loaded.some((url) => url.includes('/fastify/'))).toBe(true);
    expect(loaded.filter((url) => /tracing\.ts|otlp|sdk-trace/.test(url))).toEqual([]);
  });
});
