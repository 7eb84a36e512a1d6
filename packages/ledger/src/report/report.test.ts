/** The formats of a report, read back by parsers that know nothing of how they were written. */

import type { AuditReport, Boundary, Exposure, Holder } from '@apledger/api';
import { visible } from '@apledger/text';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { marked } from 'marked';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { auditCsv } from './csv.ts';
import { auditHtml } from './html.ts';
import { auditJson } from './json.ts';
import { auditMarkdown } from './markdown.ts';
import { queuesText } from './words.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const COMMAND = '01a20bb0-3fb6-73ee-aa96-51855a8260f5';

/** What somebody might call a guest to be read as something else. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '\t=1+1',
  '\u{ff1d}1+1',
  'a|b',
  'a\nb,"c"\r\n| x | y |',
  '[x](javascript:alert(1))',
  '![x](https://example.org/x.png)',
  'https://example.org www.example.org a@example.org mailto:a@example.org',
  '`code` *bold* _it_ ~~gone~~ # &amp; &lt; \\| <b>',
  '</style></table>--><!-- ]]>',
  '\u202eevil\u0000\u0007\ud800',
  "'; DROP TABLE",
];
const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
);
const guest = fc.option(text);

const observed = fc.record({
  notBefore: fc.constantFrom(null, '2026-11-17T09:13:00.000Z'),
  notAfter: fc.constant('2026-11-17T09:14:00.000Z'),
  certainty: fc.constantFrom('certain' as const, 'several' as const, 'none' as const),
  evidence: fc.array(fc.record({ source: fc.constant('audit' as const), actor: text, text }), {
    maxLength: 2,
  }),
});
const boundary: fc.Arbitrary<Boundary> = fc.record(
  {
    position: fc.nat(),
    revision: fc.nat(),
    occurredAt: fc.constant('2026-11-17T09:14:00.000Z'),
    type: fc.constant('GuestStarted'),
    commandId: fc.constant(COMMAND),
    actor: text,
    observed,
  },
  { requiredKeys: ['position', 'revision', 'occurredAt', 'type', 'commandId', 'actor'] },
);
const holder: fc.Arbitrary<Holder> = fc.oneof(
  fc.constant({ kind: 'host' as const }),
  fc.constant({ kind: 'nobody' as const }),
  fc.record({ kind: fc.constant('guest' as const), guest, mdev: fc.constant(MDEV) }),
);
const queue = fc.tuple(fc.nat(255), fc.nat(255)).map((ids) => {
  const [apid, apqi] = ids.map((id) => id.toString(16).padStart(2, '0'));
  return `${apid}.00${apqi}`;
});
const queues = fc.uniqueArray(queue, { minLength: 1, maxLength: 6 });
const host = fc.constant('zlp1');
const exposure: fc.Arbitrary<Exposure> = fc.oneof(
  fc.record({
    kind: fc.constant('unreset-handover' as const),
    host,
    apqn: queue,
    from: holder,
    to: holder,
    at: boundary,
  }),
  fc.record({
    kind: fc.constant('shared-queue' as const),
    ...{ host, apqn: queue, holders: fc.array(holder, { minLength: 2, maxLength: 3 }), since: boundary },
    until: fc.option(boundary),
  }),
  fc.record({
    kind: fc.constant('stopped-guest-keeps-queues' as const),
    ...{ host, mdev: fc.constant(MDEV), guest, queues, since: boundary },
  }),
  fc.record({
    kind: fc.constant('shared-control-domain' as const),
    ...{ host, domain: fc.nat(255), since: boundary },
    guests: fc.array(fc.record({ guest, mdev: fc.constant(MDEV) }), { minLength: 2, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('drift' as const),
    ...{ host, step: text, what: text, mdev: fc.constantFrom(null, MDEV), predicted: text, actual: text },
    at: boundary,
  }),
);
const report: fc.Arbitrary<AuditReport> = fc.record({
  scope: fc.record({
    host: fc.option(text),
    guest,
    from: fc.option(fc.record({ position: fc.nat() })),
    to: fc.option(fc.record({ time: fc.constant('2026-11-17T09:14:00.000Z') })),
  }),
  heads: fc.array(
    fc.record({
      stream: text,
      revision: fc.nat(),
      position: fc.nat(),
      hash: fc.constant('ab'.repeat(32)),
      occurredAt: fc.constant('2026-11-17T09:14:00.000Z'),
    }),
    { maxLength: 2 },
  ),
  hosts: fc.array(
    fc.record({
      host: text,
      driver: fc.constantFrom(null, '7.3' as const),
      knownSince: boundary,
      position: fc.integer({ min: 1 }),
      exposures: fc.array(exposure, { maxLength: 3 }),
      runs: fc.array(
        fc.record({ guest, mdev: fc.constant(MDEV), started: boundary, stopped: fc.option(boundary) }),
        { maxLength: 2 },
      ),
      custody: fc.array(
        fc.record({
          queues,
          holder,
          sharedWith: fc.array(holder, { maxLength: 1 }),
          from: fc.option(boundary),
          until: fc.option(boundary),
          resetBefore: fc.constantFrom(null, true, false),
          reset: fc.option(boundary),
        }),
        { maxLength: 3 },
      ),
      refusals: fc.array(
        fc.record({
          at: boundary,
          command: text,
          mdev: fc.option(text),
          guest,
          errno: fc.constant('EBUSY'),
          explanation: text,
        }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
  verification: fc.record({
    facts: fc.nat(),
    problems: fc.array(fc.record({ stream: text, revision: fc.nat(), position: fc.nat(), problem: text }), {
      maxLength: 2,
    }),
  }),
});

async function all(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

describe('a report as JSON', () => {
  it('is the report', async () => {
    await fc.assert(
      fc.asyncProperty(report, async (of) => {
        expect(JSON.parse(await all(auditJson(of)))).toEqual(JSON.parse(JSON.stringify(of)));
      }),
    );
  });
});

describe('a report as CSV', () => {
  it('has a row for each queue, run, exposure and head, and no cell that a spreadsheet computes', async () => {
    await fc.assert(
      fc.asyncProperty(report, async (of) => {
        const rows: string[][] = parse(await all(auditCsv(of)), { record_delimiter: '\r\n' });
        const [columns = [], ...body] = rows;
        const column = (row: string[], name: string) => row[columns.indexOf(name)];
        for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
        const count = (record: string) => body.filter((row) => column(row, 'record') === record).length;
        expect(count('head')).toBe(of.heads.length);
        expect(count('run')).toBe(of.hosts.flatMap(({ runs }) => runs).length);
        const custody = of.hosts.flatMap((one) => one.custody);
        expect(
          body.filter((row) => column(row, 'record') === 'custody').map((row) => column(row, 'queue')),
        ).toEqual(custody.flatMap((group) => group.queues));
        const actors = of.hosts.flatMap(({ runs }) => runs.map(({ started }) => visible(started.actor)));
        const shown = body.flatMap((row) =>
          column(row, 'record') === 'run' ? [column(row, 'from_actor')] : [],
        );
        expect(shown.map((cell) => cell?.replace(/^'(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/, ''))).toEqual(
          actors,
        );
      }),
    );
  });
});

describe('a report as HTML', () => {
  /** Elements, attributes and text; throws when it is not well-formed. */
  function read(html: string) {
    const [elements, attributes, texts]: [string[], string[], string[]] = [[], [], []];
    const parser = new SaxesParser();
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('opentag', ({ name, attributes: of }) => {
      elements.push(name);
      attributes.push(...Object.keys(of));
      texts.push('');
    });
    parser.on('text', (part) => void texts.push(part));
    parser.write(html).close();
    return { elements, attributes, text: texts.join('') };
  }

  it('is well-formed, has no element or attribute but its own, and shows every name as it is', async () => {
    await fc.assert(
      fc.asyncProperty(report, async (of) => {
        const html = await all(auditHtml(of));
        const { elements, attributes, text: shown } = read(html);
        const own =
          'html head meta title style body main h1 h2 h3 dl dt dd p ul li table thead tbody tr th td pre';
        for (const name of elements) expect(own.split(' ')).toContain(name);
        for (const name of attributes)
          expect(name).toMatch(/^(lang|xmlns|charset|http-equiv|content|name|class|scope|id)$/);
        for (const { runs } of of.hosts)
          for (const { guest: name, started } of runs) {
            if (name !== null) expect(shown).toContain(`guest ${visible(name)}`);
            expect(shown).toContain(`by ${visible(started.actor)}, command`);
          }
        expect(html).not.toMatch(/<script|<link|<img|@import|url\(/i);
      }),
    );
  });

  it('prints: it has rules for paper, and heads that verify reads', async () => {
    const [of] = fc.sample(report, { numRuns: 1, seed: 3 });
    if (of === undefined) throw new Error('no sample');
    const html = await all(auditHtml(of));
    expect(html).toMatch(/@page \{ size: A4/);
    expect(html).toContain('@media print');
    const pre = /<pre id="heads">(.*)<\/pre>/.exec(html)?.[1] ?? '';
    const heads = pre
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
    expect(JSON.parse(heads.replaceAll('&amp;', '&'))).toEqual({ heads: of.heads });
  });
});

describe('a report as Markdown', () => {
  it('shows every name as it is: none becomes an element, a link or another cell', async () => {
    await fc.assert(
      fc.asyncProperty(report, async (of) => {
        const html = marked.parse(await all(auditMarkdown(of)), { async: false });
        const elements = new Set([...html.matchAll(/<([a-z0-9]+)/g)].map(([, name]) => name));
        const own = 'h1 h2 h3 ul li p table thead tbody tr th td pre code';
        for (const name of elements) expect(own.split(' ')).toContain(name);
        for (const row of html.split('<tr>').slice(1))
          expect([4, 5, 6]).toContain([...(row.split('</tr>')[0]?.matchAll(/<t[dh]/g) ?? [])].length);
        const heads = /<pre><code class="language-json">(.*)\n<\/code>/.exec(html)?.[1] ?? '';
        const entity: Record<string, string> = {
          '&quot;': '"',
          '&#39;': "'",
          '&lt;': '<',
          '&gt;': '>',
          '&amp;': '&',
        };
        const json = heads.replace(/&(?:quot|#39|lt|gt|amp);/g, (one) => entity[one] ?? '');
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ heads: of.heads })));
      }),
    );
  });
});

describe('in words', () => {
  it.each([
    [['05.0047'], '05.0047'],
    [['05.0004', '05.0047'], '05 x 0004, 0047'],
    [['05.0004', '06.0004', '07.0004', '0a.0004'], '05-07, 0a x 0004'],
    [['05.0004', '06.0004', '06.0005'], '05 x 0004; 06 x 0004-0005'],
  ])('queues are told in short: %j', (names, told) => {
    expect(queuesText(names)).toBe(told);
  });
});
