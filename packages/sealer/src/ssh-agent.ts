/** The protocol of ssh-agent (draft-miller-ssh-agent), as far as Ed25519 keys need it. */
import { connect } from 'node:net';
import { EvidenceError } from '@apledger/evidence';

const REQUEST_IDENTITIES = 11;
const IDENTITIES = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const ED25519 = 'ssh-ed25519';
/** Of an answer; agents bound theirs likewise. */
const MAX_BYTES = 256 * 1024;
const ANSWER_MS = 30_000;

/** Raw Ed25519 keys that the agent holds. Throws EvidenceError. */
export async function agentKeys(socket: string): Promise<readonly Uint8Array[]> {
  const answer = new Fields(await ask(socket, Buffer.of(REQUEST_IDENTITIES), IDENTITIES));
  const keys: Uint8Array[] = [];
  for (let left = answer.number(); left > 0; left--) {
    const blob = new Fields(answer.bytes());
    answer.bytes(); // the comment
    if (blob.bytes().toString() === ED25519) keys.push(Uint8Array.from(blob.bytes()));
  }
  return keys;
}

/** 64 bytes of Ed25519. Throws EvidenceError when the agent has no such key, or will not. */
export async function agentSign(socket: string, key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const blob = Buffer.concat([field(Buffer.from(ED25519)), field(key)]);
  const request = Buffer.concat([Buffer.of(SIGN_REQUEST), field(blob), field(message), Buffer.alloc(4)]);
  const signature = new Fields(new Fields(await ask(socket, request, SIGN_RESPONSE)).bytes());
  if (signature.bytes().toString() !== ED25519)
    throw new EvidenceError('the ssh-agent signed with another kind of key');
  return Uint8Array.from(signature.bytes());
}

function field(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads what a message is made of, from its first byte on. */
class Fields {
  readonly #message: Buffer;
  #at = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  number(): number {
    if (this.#at + 4 > this.#message.length)
      throw new EvidenceError('the ssh-agent answered with too few bytes');
    this.#at += 4;
    return this.#message.readUInt32BE(this.#at - 4);
  }

  bytes(): Buffer {
    const length = this.number();
    if (this.#at + length > this.#message.length)
      throw new EvidenceError('the ssh-agent answered with too few bytes');
    this.#at += length;
    return this.#message.subarray(this.#at - length, this.#at);
  }
}

/** Sends one request; what follows the answer's type. */
function ask(path: string, request: Uint8Array, expected: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const refuse = (reason: string): void => {
      socket.destroy();
      reject(new EvidenceError(`the ssh-agent at ${path}: ${reason}`));
    };
    const socket = connect(path, () => void socket.write(field(request)));
    let answer = Buffer.alloc(0);
    socket.setTimeout(ANSWER_MS, () => refuse('it does not answer'));
    socket.on('error', (error) => refuse(error.message));
    socket.on('end', () => refuse('it closed the connection'));
    socket.on('data', (part) => {
      answer = Buffer.concat([answer, part]);
      const length = answer.length < 4 ? 0 : answer.readUInt32BE();
      if (length > MAX_BYTES) return refuse('its answer is too long');
      if (length === 0 || answer.length < 4 + length) return;
      if (answer[4] !== expected) return refuse('it refused: does it hold the key?');
      socket.destroy();
      resolve(answer.subarray(5, 4 + length));
    });
  });
}
