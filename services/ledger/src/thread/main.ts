/**
 * The thread for long questions. It opens the log once more, only to read, and answers as the ledger does. Questions take turns at each
 * page that they read, so that a short one does not wait for a long one.
 */
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Problem, type ReportFormat, type Request } from '@apledger/api';
import { asProblem, type LogLedger, openLogLedger, reportPieces } from '@apledger/ledger';
import { type FromThread, partsOf, type ThreadData, type ToThread } from './messages.ts';

/** How often the index asks the log, and how many facts are worth it: fewer are looked at by each question. */
const FOLLOW_MS = 1000;
const STALE_FACTS = 512;

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the service');
const { place } = workerData as ThreadData;
const opening = openLogLedger(place, {
  ...{ keepsViews: true, keepsIndex: true, readOnly: true, report },
  // By the service, which watches the log.
  isFoldedElsewhere: true,
});
// Each question hears of it.
opening.then(followLog).catch(() => undefined);

const say = (message: FromThread, bytes?: Uint8Array): void =>
  port.postMessage(message, bytes === undefined ? [] : [bytes.buffer as ArrayBuffer]);

const encoder = new TextEncoder();
/** Reports under way. */
const reports = new Map<number, AsyncIterator<Uint8Array>>();

port.on('message', (message: ToThread) => {
  void carryOut(message).catch((error: unknown) => {
    const number = 'ask' in message ? message.ask : 'report' in message ? message.report : numberOf(message);
    reports.delete(number);
    say({ failed: number, problem: partsOf(asProblem(error)) });
  });
});

function report(line: string): void {
  port?.postMessage({ report: line } satisfies FromThread);
}

/** Takes in what is new, again and again. */
async function followLog({ index, log }: LogLedger): Promise<void> {
  for (;;) {
    const end = await log.lastPosition();
    if (index !== undefined && end - index.position >= (index.position === 0 ? 1 : STALE_FACTS))
      await index.catchUp();
    await setTimeout(FOLLOW_MS);
  }
}

const numberOf = (message: { readonly next: number } | { readonly stop: number }): number =>
  'next' in message ? message.next : message.stop;

async function carryOut(message: ToThread): Promise<void> {
  if ('ask' in message) {
    const { ask, name, request, maxReplyBytes } = message;
    const json = encoder.encode(
      JSON.stringify(await (await opening).answer(name, request as never, { maxReplyBytes })),
    );
    if (json.length > maxReplyBytes)
      throw new Problem(
        413,
        'reply-too-large',
        `The reply has ${json.length} bytes; ${maxReplyBytes} are the most. Ask for less.`,
      );
    say({ reply: ask, json }, json);
  } else if ('report' in message) {
    const { report, request, format } = message;
    reports.set(report, encoded(await opening, request as Request<'report'>, format));
    await sendNext(report);
  } else if ('next' in message) await sendNext(message.next);
  else {
    const report = reports.get(message.stop);
    reports.delete(message.stop);
    await report?.return?.();
  }
}

async function sendNext(number: number): Promise<void> {
  const step = await reports.get(number)?.next();
  if (step === undefined) return;
  if (step.done === true) {
    reports.delete(number);
    say({ piece: number });
  } else say({ piece: number, bytes: step.value }, step.value);
}

async function* encoded(
  ledger: LogLedger,
  request: Request<'report'>,
  format: ReportFormat,
): AsyncGenerator<Uint8Array> {
  for await (const piece of reportPieces(ledger, request, format)) yield encoder.encode(piece);
}
