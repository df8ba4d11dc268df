import { Frame, Payload } from 'mangrove/subprotocol';
import type {
  Attachment,
  Endpoint,
  Link,
  Outcome,
  Principal,
  Publication,
  Refusal,
  Services,
  Session,
  Subprotocol,
  Subscription,
} from 'mangrove/subprotocol';

/**
 * `chat`, the subprotocol of RFC 6455's example handshake: one room, one line of text a message. The first message is the
 * name, every other one is said in the room; what others say arrives as `name: text`.
 *
 * The room is the topic `com.example.chat`, so clients of STOMP and WAMP are in it too.
 */
export function chat(): Subprotocol {
  return {
    name: 'chat',
    tokens: ['chat'],
    open: (link, _handshake, services) => new ChatSession(link, services),
  };
}

const ROOM = 'com.example.chat';

/** A request of the client: what is said to it if the broker refuses. */
interface Line {
  readonly refused: string;
}

/** One client, from the 101 to its end: a session for the transport, an endpoint for the broker. */
class ChatSession implements Session, Endpoint {
  readonly features = { callCanceling: false, progressiveResults: false };
  #attachment: Attachment | undefined;

  constructor(
    private readonly link: Link,
    private readonly services: Services,
  ) {}

  receive(data: Buffer, isBinary: boolean): void {
    const text = data.toString('utf8').trim();
    if (isBinary || text === '') this.link.close({ kind: 'protocol_error', text: 'Say something, in text.' });
    else if (this.#attachment === undefined) this.#enter(text);
    else this.#speak(this.#attachment, text);
  }

  drained(): void {
    this.#attachment?.resume();
  }

  closing(): void {
    this.#tell('The room closes.');
    this.link.close({ kind: 'going_away', text: 'The server stops.' });
  }

  closed(): void {
    this.#attachment?.detach();
  }

  deliver(_subscription: Subscription, { payload, headers, origin }: Publication): boolean {
    const name = headers?.get('name') ?? origin.principal.authid;
    this.#tell(`${name}: ${payload.values().args.map(String).join(' ')}`);
    return !this.link.congested;
  }

  answer(request: object, outcome: Outcome): void {
    if (outcome.kind === 'refused') this.#tell(`${(request as Line).refused} ${outcome.reason}`);
  }

  evict({ reason }: Refusal): void {
    this.link.close({ kind: 'overloaded', text: reason });
  }

  revoked(): void {
    this.link.close({ kind: 'policy', text: 'You may not listen any longer.' });
  }

  consume(): boolean {
    return true;
  }

  exhausted(): void {}

  invoke(): void {}

  interrupt(): void {}

  #enter(authid: string): void {
    const { realms } = this.services;
    const principal: Principal = { authid, authrole: 'chat', authmethod: 'name', authprovider: 'chat' };
    const attachment = realms.find(realms.defaultRealm)?.attach(this, principal, { protocol: 'chat' });
    if (attachment === undefined) return;
    this.#attachment = attachment;
    this.link.established();
    this.#tell(`Welcome, ${authid}.`);
    const pattern = { match: 'exact', text: ROOM } as const;
    this.#inOrder(attachment.subscribe({ refused: 'You may not listen:' }, { key: ROOM, pattern }));
  }

  #speak(attachment: Attachment, text: string): void {
    const payload = Payload.ofBody(Buffer.from(text), 'text/plain');
    const headers = new Map([['name', attachment.principal.authid]]);
    const said = { topic: ROOM, payload, headers, excludePublisher: true };
    this.#inOrder(attachment.publish({ refused: 'Nobody heard you:' }, said));
  }

  /** While the broker has to wait for an authorizer, nothing is read: so all that one client says stays in order. */
  #inOrder(admission: Promise<void> | undefined): void {
    if (admission === undefined) return;
    this.link.pause('admission');
    void admission.finally(() => this.link.resume('admission'));
  }

  #tell(text: string): void {
    this.link.send(new Frame(false, [Buffer.from(text)]));
  }
}
