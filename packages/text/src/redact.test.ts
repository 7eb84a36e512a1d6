import { expect, it } from 'vitest';
import { redacted } from './redact.ts';

it.each([
  ['nats://me:a@b/c@h:1', 'nats://h:1'],
  ['mysql://me:secret@h/x', 'mysql://h/x'],
  ['kurrentdb://admin:s@h1:2113,h2:2113?tls=false', 'kurrentdb://h1:2113,h2:2113'],
  ['127.0.0.1:4222', '127.0.0.1:4222'],
  ['localhost:4222', 'localhost:4222'],
  ['tls://[::1]:4222', 'tls://[::1]:4222'],
  ['nats://me:a?b#c', 'nats://…'],
])('%s is shown as %s', (address, shown) => {
  expect(redacted(address)).toBe(shown);
});
