import { assertNever } from '../../../lib/index.js';
import type { ScanLimits, SerializerErrorCode, WireMap } from '../../../serializers/index.js';
import { SerializerError } from '../../../serializers/index.js';
import type { Reading } from './elements.js';
import { Breach, Elements } from './elements.js';
import type { ClientMessage, Hello, MessageName, Role, Roles, Violation } from './messages.js';
import { CODES } from './messages.js';
import { readConsumer, readDelivery, readSource } from './option-reader.js';
import { readCallOptions, readSharing } from './rpc-options.js';

export type { Reading } from './elements.js';

type ClientMessageName = ClientMessage['name'];

/** How many elements a message may have, least and most [WAMP BP Messages]. */
const ARITY = {
  hello: [3, 3],
  abort: [3, 5],
  authenticate: [3, 3],
  goodbye: [3, 3],
  error: [5, 7],
  publish: [4, 6],
  subscribe: [4, 4],
  unsubscribe: [3, 3],
  call: [4, 6],
  cancel: [3, 3],
  register: [4, 4],
  unregister: [3, 3],
  yield: [3, 5],
} as const satisfies Record<ClientMessageName, readonly [number, number]>;

/** code → name */
const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code as number, name as MessageName]));

const ROLES: readonly Role[] = ['publisher', 'subscriber', 'caller', 'callee'];

/**
 * Features that we act upon when a client announces them; `call_cancelling` is how one page of the profile spells it, and
 * the last two are what an older draft has for payload passthru; by the very last, autobahn-python is known.
 */
const FEATURES = [
  'call_canceling',
  'call_cancelling',
  'progressive_call_results',
  'call_reroute',
  'call_timeout',
  'progressive_call_invocations',
  'payload_passthru_mode',
  'subscription_revocation',
  'sharded_subscription',
  'shareded_subscriptions',
  'registration_revocation',
  'payload_transparency',
  'payload_encryption_cryptobox',
] as const;

/**
 * Reads one message of a client: scans it whole, which is what makes its arguments fit to be passed on as they are, and
 * checks the type of every element and of every option that we know. Args and kwargs are not decoded. Never throws.
 */
export function decodeMessage(bytes: Uint8Array, reading: Reading): ClientMessage | Violation {
  try {
    return read(scan(bytes, reading));
  } catch (error) {
    if (error instanceof Breach) return { name: 'violation', message: error.message };
    if (error instanceof SerializerError) {
      const limit = LIMIT_OF[error.code];
      const bound = limit === undefined ? '' : ` (${limit}: ${reading.limits[limit]})`;
      return { name: 'violation', message: `Unreadable: ${error.message}${bound}.` };
    }
    throw error;
  }
}

/** Where slips are passed over, an `undefined` that the serializer does not have counts as null. */
function scan(bytes: Uint8Array, reading: Reading): Elements {
  const { serializer, limits, lenient } = reading;
  try {
    return new Elements(bytes, serializer.scanArray(bytes, limits), reading);
  } catch (error) {
    const repaired = lenient ? serializer.withoutUndefined?.(bytes) : undefined;
    if (repaired === undefined) throw error;
    return new Elements(repaired, serializer.scanArray(repaired, limits), reading);
  }
}

/** Which limit bytes were refused for. */
const LIMIT_OF: Readonly<Partial<Record<SerializerErrorCode, keyof ScanLimits>>> = {
  too_deep: 'maxDepth',
  too_many_items: 'maxItems',
  string_too_long: 'maxString',
};

function read(elements: Elements): ClientMessage {
  if (elements.count === 0) throw new Breach('An empty message.');
  const name = NAMES.get(elements.integer(0, 'The message code'));
  if (name === undefined) throw new Breach('Unknown message code.');
  if (!isClientMessageName(name)) throw new Breach(`${name.toUpperCase()} is not for a client to send.`);
  const [least, most] = ARITY[name];
  if (elements.count < least || elements.count > most) {
    const range = least === most ? `${least}` : `${least} to ${most}`;
    throw new Breach(`${name.toUpperCase()} has ${range} elements.`);
  }
  return readNamed(name, elements);
}

function readNamed(name: ClientMessageName, elements: Elements): ClientMessage {
  switch (name) {
    case 'hello':
      return readHello(elements);
    case 'abort':
    case 'goodbye':
      elements.map(1, 'Details');
      return { name, reason: elements.text(2, 'Reason') };
    case 'authenticate':
      return { name, signature: elements.text(1, 'Signature'), extra: elements.map(2, 'Extra') };
    case 'unsubscribe':
      return { name, request: request(elements, 1), subscription: elements.id(2, 'Subscription') };
    case 'unregister':
      return { name, request: request(elements, 1), registration: elements.id(2, 'Registration') };
    case 'cancel': {
      const options = elements.map(2, 'Options');
      return { name, request: request(elements, 1), mode: elements.string(options, 'mode') };
    }
    case 'publish':
    case 'call':
    case 'subscribe':
    case 'register':
      return readCommand(name, elements);
    case 'error':
    case 'yield':
      return readAnswer(name, elements);
    default:
      return assertNever(name);
  }
}

function readCommand(name: 'publish' | 'call' | 'subscribe' | 'register', elements: Elements): ClientMessage {
  const id = request(elements, 1);
  const options = elements.map(2, 'Options');
  switch (name) {
    case 'publish':
      return {
        name,
        request: id,
        topic: elements.text(3, 'Topic'),
        acknowledge: elements.flag(options, 'acknowledge') ?? false,
        excludeMe: elements.flag(options, 'exclude_me') ?? true,
        discloseMe: elements.flag(options, 'disclose_me') ?? false,
        delivery: readDelivery(elements, options),
        cargo: elements.cargo(4, options),
      };
    case 'call':
      return {
        name,
        request: id,
        procedure: elements.text(3, 'Procedure'),
        receiveProgress: elements.flag(options, 'receive_progress') ?? false,
        discloseMe: elements.flag(options, 'disclose_me') ?? false,
        wishes: readCallOptions(elements, options),
        cargo: elements.cargo(4, options),
      };
    case 'subscribe':
      return {
        name,
        request: id,
        match: elements.string(options, 'match'),
        topic: elements.text(3, 'Topic'),
        source: readSource(elements, options),
      };
    case 'register':
      return {
        name,
        request: id,
        match: elements.string(options, 'match'),
        invoke: elements.string(options, 'invoke'),
        sharing: readSharing(elements, options),
        discloseCaller: elements.flag(options, 'disclose_caller') ?? false,
        procedure: elements.text(3, 'Procedure'),
        consumer: readConsumer(elements, options),
      };
    default:
      return assertNever(name);
  }
}

function readAnswer(name: 'error' | 'yield', elements: Elements): ClientMessage {
  if (name === 'yield') {
    const options = elements.map(2, 'Options');
    const progress = elements.flag(options, 'progress') ?? false;
    return { name, request: request(elements, 1), progress, cargo: elements.cargo(3, options) };
  }
  if (elements.integer(1, 'The request type') !== CODES.invocation) {
    throw new Breach('A client answers INVOCATION with ERROR, nothing else.');
  }
  const details = elements.map(3, 'Details');
  return {
    name,
    request: request(elements, 2),
    error: elements.text(4, 'Error'),
    cargo: elements.cargo(5, details),
  };
}

function readHello(elements: Elements): Hello {
  const realm = elements.text(1, 'Realm');
  const details = elements.map(2, 'Details');
  return {
    name: 'hello',
    realm,
    roles: readRoles(elements, details),
    authmethods: elements.strings(details, 'authmethods'),
    authid: elements.string(details, 'authid'),
    authextra: elements.submap(details, 'authextra'),
    agent: elements.string(details, 'agent'),
  };
}

const NO_FEATURES: ReadonlySet<string> = new Set();

function readRoles(elements: Elements, details: WireMap): Roles {
  const known = elements.submap(details, 'roles');
  const roles = new Map<Role, ReadonlySet<string>>();
  for (const role of ROLES) {
    const about = known === undefined ? undefined : elements.submap(known, role);
    if (about === undefined) continue;
    const features = elements.submap(about, 'features');
    const announces = (feature: string): boolean =>
      features !== undefined && elements.flag(features, feature) === true;
    const announced = FEATURES.filter(announces);
    roles.set(role, announced.length === 0 ? NO_FEATURES : new Set(announced));
  }
  if (roles.size === 0) throw new Breach('A client must announce at least one role.');
  return roles;
}

function request(elements: Elements, at: number): number {
  return elements.id(at, 'Request');
}

function isClientMessageName(name: MessageName): name is ClientMessageName {
  return name in ARITY;
}
