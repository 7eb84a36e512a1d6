/** Replies as JSON, and their versions: who has the answer already gets 304. */
import { createHash } from 'node:crypto';
import { WrittenReply } from '@apledger/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Parameter } from './description.ts';

/** A reply as JSON ends here, so that a page of large facts does not become a gigabyte of text. */
export const MAX_REPLY_BYTES = 16 * 1024 * 1024;

/** How OpenAPI describes the header of a version. */
export const version = {
  ETag: {
    description: 'the version of the answer, in quotes: the revision where it has one',
    schema: { type: 'string' } as TSchema,
  },
};

/** The answer, or 304 where the client has it already. */
export function withETag(
  answer: { readonly revision: number },
  { headers }: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const tag = `"${answer.revision}"`;
  void reply.header('etag', tag).header('cache-control', 'no-cache');
  return isKnown(tag, headers) ? reply.code(304).send() : answer;
}

/** Whether the client has that version already. */
function isKnown(tag: string, headers: FastifyRequest['headers']): boolean {
  const known = headers['if-none-match']?.split(',').map((text) => text.trim().replace(/^W\//, ''));
  return known?.some((each) => each === tag || each === '*') === true;
}

/** An answer that no revision names: its version is what it says. Anyone who asks again and again is sent it once. */
export function withDigest(answer: unknown, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const bytes = answer instanceof WrittenReply ? answer.json : Buffer.from(JSON.stringify(answer));
  const tag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  void reply.header('etag', tag).header('cache-control', 'private, no-cache');
  return isKnown(tag, headers) ? reply.code(304).send() : sendJson(reply, new WrittenReply(bytes));
}

/** A reply that was made into JSON already. */
export const sendJson = (reply: FastifyReply, { json }: WrittenReply): FastifyReply =>
  reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(json.buffer, json.byteOffset, json.byteLength));

/** The version that the client has. */
export const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'an ETag that is known: 304 without a body when it is still right',
  schema: { type: 'string' } as TSchema,
};
