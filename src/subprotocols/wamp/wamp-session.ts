import { isReserved } from '../../broker/index.js';
import { assertNever } from '../../lib/index.js';
import type { Admission } from '../inbox.js';
import { Inbox } from '../inbox.js';
import type { ClosedReason, Link, Services, Session } from '../subprotocol.js';
import type { ClientMessage, Reading, Role, Violation } from './codec/index.js';
import { OCTAL_SEPARATOR, decodeMessage, splitBatch } from './codec/index.js';
import { Conversation, hasSession } from './conversation.js';
import { authenticate } from './handlers/authenticate.js';
import { call, callMore } from './handlers/call.js';
import { cancel } from './handlers/cancel.js';
import { goodbye } from './handlers/goodbye.js';
import { hello } from './handlers/hello.js';
import { publish } from './handlers/publish.js';
import { register, unregister } from './handlers/register.js';
import { subscribe, unsubscribe } from './handlers/subscribe.js';
import { yieldError, yieldResult } from './handlers/yield.js';
import type { LiveSession } from './live-session.js';
import type { WampLimits } from './options.js';
import type { Format } from './output.js';
import { Output } from './output.js';
import type { Dialect } from './dialect.js';
import { separatorsOf } from './profile.js';

/** Messages that only a session has. */
type SessionMessage = Exclude<
  ClientMessage,
  { readonly name: 'hello' | 'abort' | 'authenticate' | 'goodbye' }
>;

/** The role that a client must have announced to send a message [WAMP BP Message Codes and Direction]. */
const ROLE_OF = {
  publish: 'publisher',
  subscribe: 'subscriber',
  unsubscribe: 'subscriber',
  call: 'caller',
  cancel: 'caller',
  register: 'callee',
  unregister: 'callee',
  yield: 'callee',
  error: 'callee',
} as const satisfies Record<SessionMessage['name'], Role>;

/** One connection that speaks WAMP: takes its messages apart and hands each to its handler, in order. */
export class WampSession implements Session {
  readonly #conversation: Conversation;
  readonly #inbox: Inbox<Uint8Array | Violation>;
  readonly #output: Output;
  readonly #separators: readonly number[];
  /** How messages are read before and after the login. */
  readonly #readings: { readonly beforeLogin: Reading; readonly afterLogin: Reading };

  constructor(
    link: Link,
    private readonly services: Services,
    format: Format,
    dialect: Dialect,
    limits: WampLimits,
  ) {
    const { profile } = dialect;
    this.#output = new Output(link, format);
    this.#separators = separatorsOf(profile);
    const { serializer } = format;
    const { integralFloats: lenient, barePayload } = profile;
    this.#readings = {
      beforeLogin: { serializer, limits: limits.beforeLogin, lenient, barePayload },
      afterLogin: { serializer, limits: limits.afterLogin, lenient, barePayload },
    };
    this.#inbox = new Inbox<Uint8Array | Violation>(
      link,
      services.clock,
      services.limits.sliceMs,
      (item) => this.#process(item),
      (error) => this.#broken(error),
    );
    this.#conversation = new Conversation(link, services, this.#output, dialect, () => this.#inbox.close());
  }

  receive(data: Buffer, isBinary: boolean): void {
    const { serializer, framing } = this.#output.format;
    if (data.length > this.services.limits.messageBytes) {
      const message = `A message may have ${this.services.limits.messageBytes} bytes.`;
      this.#conversation.abort('wamp.error.payload_size_exceeded', message, 'too_big');
      return;
    }
    if (isBinary !== serializer.binary) {
      const expected = serializer.binary ? 'binary' : 'text';
      this.#inbox.push({ name: 'violation', message: `Messages of this subprotocol are ${expected}.` });
      return;
    }
    if (framing === 'plain') {
      this.#inbox.push(data);
      return;
    }
    const bounds = splitBatch(data, framing, this.#separators);
    if (!Array.isArray(bounds)) {
      this.#inbox.push(bounds);
      return;
    }
    // Whoever writes the separator of autobahn-python reads no other.
    if (framing === 'separated' && data[data.length - 1] === OCTAL_SEPARATOR)
      this.#output.useOctalSeparator();
    for (let at = 0; at < bounds.length; at += 2) this.#inbox.push(data.subarray(bounds[at], bounds[at + 1]));
  }

  drained(): void {
    const { state } = this.#conversation;
    if (hasSession(state)) state.session.attachment.resume();
  }

  closing(deadline: number): void {
    this.#conversation.close(deadline);
  }

  closed(_reason: ClosedReason): void {
    this.#conversation.end();
  }

  #process(item: Uint8Array | Violation): Admission {
    try {
      return this.#handle(item);
    } catch (error) {
      return this.#broken(error);
    }
  }

  #handle(item: Uint8Array | Violation): Admission {
    const { state } = this.#conversation;
    if (state.name === 'over') return undefined;
    const message = 'name' in item ? item : this.#decode(item, hasSession(state) || state.name === 'leaving');
    // After our GOODBYE all but the client's is ignored [WAMP BP Session Closing].
    if (state.name === 'leaving' && message.name !== 'goodbye' && message.name !== 'abort') return undefined;
    switch (message.name) {
      case 'violation':
        return this.#conversation.violate(message.message);
      case 'hello':
        if (state.name === 'fresh' || state.name === 'left') return hello(this.#conversation, message);
        return this.#conversation.violate('HELLO in a session.');
      case 'authenticate':
        return authenticate(this.#conversation, message.signature, message.extra);
      case 'goodbye':
        return goodbye(this.#conversation);
      case 'abort':
        this.#conversation.hangUp('normal', 'The client aborted.');
        return undefined;
      default:
        if (mayTakeLong(message)) this.#inbox.expectDear();
        if (state.name === 'live') return inSession(state.session, message);
        // What is open may be ended; what would be new is passed over, as it is after our GOODBYE.
        if (state.name === 'closing')
          return isNew(state.session, message) ? undefined : inSession(state.session, message);
        // A client that has said GOODBYE must be silent; what was under way is passed over.
        if (state.name === 'left') return undefined;
        return this.#conversation.violate(`${message.name.toUpperCase()} before WELCOME.`);
    }
  }

  #decode(bytes: Uint8Array, known: boolean): ClientMessage | Violation {
    return decodeMessage(bytes, known ? this.#readings.afterLogin : this.#readings.beforeLogin);
  }

  /** A defect of ours costs this connection, and nobody else. */
  #broken(error: unknown): undefined {
    this.services.instrumentation.defect('wamp.session', error);
    this.#conversation.abort('wamp.error.runtime_error', 'Internal error.', 'internal');
    return undefined;
  }
}

/** Everything but what is published, called and answered by the thousand; the router's own procedures are calls, too. */
function mayTakeLong(message: SessionMessage): boolean {
  switch (message.name) {
    case 'publish':
    case 'yield':
    case 'error':
      return false;
    case 'call':
      return isReserved(message.procedure);
    default:
      return true;
  }
}

function inSession(session: LiveSession, message: SessionMessage): Admission {
  const role = ROLE_OF[message.name];
  if (!session.roles.has(role)) {
    return session.violate(`${message.name.toUpperCase()} without the role ${role}.`);
  }
  if (message.name === 'call') {
    const open = session.calls.get(message.request);
    if (open !== undefined) return callMore(session, open, message);
    if (session.lateParts.has(message)) return undefined;
  }
  if (isRequest(message) && !session.takesRequest(message.request)) return undefined;
  switch (message.name) {
    case 'publish':
      return publish(session, message);
    case 'subscribe':
      return subscribe(session, message);
    case 'unsubscribe':
      return unsubscribe(session, message.request, message.subscription);
    case 'call':
      return call(session, message);
    case 'cancel':
      return cancel(session, message.request, message.mode);
    case 'register':
      return register(session, message);
    case 'unregister':
      return unregister(session, message.request, message.registration);
    case 'yield':
      return yieldResult(session, message);
    case 'error':
      return yieldError(session, message.request, message.error, message.cargo);
    default:
      return assertNever(message);
  }
}

/** Whether the message begins something; the others belong to what is open. */
function isNew(session: LiveSession, message: SessionMessage): boolean {
  return isRequest(message) && !(message.name === 'call' && session.calls.has(message.request));
}

/** Whether the message is a request, with an id of the client's. */
function isRequest(
  message: SessionMessage,
): message is Exclude<SessionMessage, { readonly name: 'cancel' | 'yield' | 'error' }> {
  return message.name !== 'cancel' && message.name !== 'yield' && message.name !== 'error';
}
