import type { Client } from '../client.js';
import { PAYLOAD_BYTES } from '../payload.js';
import type { Dialect, Role } from './dialect.js';

/** The values of WAMP messages that we send. */
type Value = number | string | readonly Value[] | { readonly [key: string]: Value };

/** MessagePack of small values, one character a byte. @throws RangeError if one is not small. */
function pack(value: Value): string {
  if (typeof value === 'number') return packNumber(value);
  if (typeof value === 'string') return `${packLength(value.length)}${value}`;
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    return `${small(0x90, items.length)}${items.map(pack).join('')}`;
  }
  const entries = Object.entries(value);
  return `${small(0x80, entries.length)}${entries.map(([key, one]) => pack(key) + pack(one)).join('')}`;
}

function packNumber(value: number): string {
  if (value < 0x80) return String.fromCharCode(value);
  return String.fromCharCode(0xce, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function packLength(bytes: number): string {
  return bytes < 32 ? String.fromCharCode(0xa0 | bytes) : String.fromCharCode(0xd9, bytes);
}

function small(kind: number, count: number): string {
  if (count > 15) throw new RangeError('too many');
  return String.fromCharCode(kind | count);
}

const HELLO = pack([
  1,
  'realm1',
  { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} }, agent: 'bench' },
]);

/** `{}`, the procedure, and what stands before the bytes of the one argument. */
const ARGUMENT = `\x91${packLength(PAYLOAD_BYTES)}`;
const CALL_TAIL = `\x80${pack('bench.echo')}${ARGUMENT}`;
const ARGUMENTS_BYTES = ARGUMENT.length + PAYLOAD_BYTES;

/** WAMP v2, Basic Profile, in MessagePack; only for calls. Messages are text of one character a byte. */
export const wampMsgpack: Dialect = {
  subprotocol: 'wamp.2.msgpack',
  binary: true,
  path: () => '/ws',
  async begin(client: Client, role: Role): Promise<void> {
    await ask(client, HELLO, 2);
    if (role.kind === 'callee') await ask(client, pack([64, 1, {}, 'bench.echo']), 65);
    else if (role.kind !== 'caller') throw new Error(`there is no ${role.kind} in this dialect`);
  },
  publication: refuse,
  deliverySignature: '',
  delivered: refuse,
  call: (sequence, payload) => `\x95\x30${packNumber(sequence)}${CALL_TAIL}${payload}`,
  answer(invocation: Buffer): string {
    // [68,request,registration,details,[payload]]: the number as it came, and the arguments as they are.
    const text = invocation.toString('latin1');
    if (!text.startsWith('\x95\x44')) throw new Error('not an invocation');
    const size = NUMBER_BYTES.get(text.charCodeAt(2)) ?? 1;
    return `\x94\x46${text.slice(2, 2 + size)}\x80${text.slice(-ARGUMENTS_BYTES)}`;
  },
  resultSignature: '\x94\x32',
  returned(message) {
    const args = message.slice(-ARGUMENTS_BYTES);
    if (!message.startsWith('\x94\x32') || !args.startsWith(ARGUMENT)) throw new Error('not a result');
    return args.slice(ARGUMENT.length);
  },
};

/** first byte → bytes of an unsigned number that has more than one */
const NUMBER_BYTES = new Map([
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xcf, 9],
]);

async function ask(client: Client, message: string, expected: number): Promise<void> {
  const answer = await client.request(message);
  if (answer.charCodeAt(1) !== expected) {
    throw new Error(`expected ${expected}, got ${Buffer.from(answer, 'latin1').toString('hex')}`);
  }
}

function refuse(): never {
  throw new Error('this dialect is for calls only');
}
