/** Message codes [WAMP BP Message Codes and Direction]. */
export const CODES = {
  hello: 1,
  welcome: 2,
  abort: 3,
  challenge: 4,
  authenticate: 5,
  goodbye: 6,
  error: 8,
  publish: 16,
  published: 17,
  subscribe: 32,
  subscribed: 33,
  unsubscribe: 34,
  unsubscribed: 35,
  event: 36,
  call: 48,
  cancel: 49,
  result: 50,
  register: 64,
  registered: 65,
  unregister: 66,
  unregistered: 67,
  invocation: 68,
  interrupt: 69,
  yield: 70,
} as const;

/** The name of a message type. */
export type MessageName = keyof typeof CODES;

/** User headers beside a payload (`_headers`), in order. */
export type HeaderMap = ReadonlyMap<string, string>;

/** What rides on a message: encoded arguments, untouched, and what our custom keys say about them. */
export interface Cargo {
  /** One encoded array, or absent. */
  readonly args: Uint8Array | undefined;
  /** One encoded map, or absent. */
  readonly kwargs: Uint8Array | undefined;
  /** `_headers` of the options. */
  readonly headers: HeaderMap | undefined;
  /** `_content_type` of the options: the type of a byte string that stands alone. */
  readonly contentType: string | undefined;
  /** `ppt_…` and `enc_…` of the options [WAMP AP Payload Passthru Mode]. Default: the payload is like any other. */
  readonly passthru?: Passthru | undefined;
  /** Why `_headers` or `_content_type` cannot be used: too many, too long, or with control characters. */
  readonly fault: string | undefined;
}

/** How a payload is packed that is the business of its two ends alone. */
export interface Passthru {
  /** `ppt_scheme`; empty if it is missing, though other keys are there. */
  readonly scheme: string;
  readonly serializer: string | undefined;
  readonly cipher: string | undefined;
  readonly keyid: string | undefined;
  /** The words of an older draft. */
  readonly older: OlderPassthru | undefined;
}

/** What an older draft of the specification says about a packed payload. */
export interface OlderPassthru {
  /** `enc_algo`; empty if it is missing, though other keys are there. */
  readonly algo: string;
  readonly key: string | undefined;
  readonly serializer: string | undefined;
}

/** The roles that a peer may announce [WAMP BP Client: Role and Feature Announcement]. */
export type Role = 'publisher' | 'subscriber' | 'caller' | 'callee';

/** What a client announced in HELLO.Details.roles: role → the features that are true. */
export type Roles = ReadonlyMap<Role, ReadonlySet<string>>;

/** Opens a session. */
export interface Hello {
  readonly name: 'hello';
  readonly realm: string;
  readonly roles: Roles;
  readonly authmethods: readonly string[];
  readonly authid: string | undefined;
  /** What the methods want to know besides. Default: nothing. */
  readonly authextra?: Details | undefined;
  /** What the client calls itself. */
  readonly agent: string | undefined;
}

/** A message of a client to the router, checked and typed; options that we do not know are left out. */
export type ClientMessage =
  | Hello
  | { readonly name: 'abort'; readonly reason: string }
  | { readonly name: 'authenticate'; readonly signature: string; readonly extra: Details }
  | { readonly name: 'goodbye'; readonly reason: string }
  | {
      /** The answer of a callee; the type was INVOCATION. */
      readonly name: 'error';
      readonly request: number;
      readonly error: string;
      readonly cargo: Cargo;
    }
  | Publish
  | Subscribe
  | { readonly name: 'unsubscribe'; readonly request: number; readonly subscription: number }
  | Call
  | { readonly name: 'cancel'; readonly request: number; readonly mode: string | undefined }
  | Register
  | { readonly name: 'unregister'; readonly request: number; readonly registration: number }
  | Yield;

/** Publishes an event. */
export interface Publish {
  readonly name: 'publish';
  readonly request: number;
  readonly topic: string;
  readonly acknowledge: boolean;
  readonly excludeMe: boolean;
  readonly discloseMe: boolean;
  readonly delivery: DeliveryOptions;
  readonly cargo: Cargo;
}

/** Sessions, as lists of an audience name them. */
export interface Receivers {
  readonly sessions: ReadonlySet<number> | undefined;
  readonly authids: ReadonlySet<string> | undefined;
  readonly authroles: ReadonlySet<string> | undefined;
}

/** Options of PUBLISH that say who gets it, when and how; what is not given is undefined. */
export interface DeliveryOptions {
  /** `eligible`, `eligible_authid`, `eligible_authrole` [WAMP AP Subscriber Black- and Whitelisting]. */
  readonly eligible: Receivers | undefined;
  /** `exclude`, `exclude_authid`, `exclude_authrole`. */
  readonly exclude: Receivers | undefined;
  /** [WAMP AP Event Retention] */
  readonly retain: boolean | undefined;
  /** `_ttl`: how long it may be delivered, in ms. */
  readonly ttlMs: number | undefined;
  /** `rkey`: what it is about [WAMP AP Sharded Subscription]. */
  readonly shard: string | undefined;
  /** `_queue`: the topic is the name of a queue. */
  readonly queue: QueueOptions | undefined;
  /** Why an option cannot be used. */
  readonly fault: string | undefined;
}

/** How a message is put into a queue. */
export interface QueueOptions {
  /** `_priority`: 0 … 9. */
  readonly priority: number | undefined;
  /** `_delay`: how long it is kept before it is delivered, in ms. */
  readonly delayMs: number | undefined;
  /** `_persistent`. */
  readonly persistent: boolean | undefined;
  /** `_producer` and `_sequence`: the number of a message that may be sent again. */
  readonly producer: { readonly id: string; readonly sequence: number } | undefined;
}

/** Options of SUBSCRIBE that say where its events come from. */
export interface SourceOptions {
  /** Begin with what is retained [WAMP AP Event Retention]. */
  readonly getRetained: boolean;
  /** `nkey`: where the subscriber is, of those that share the subscription out [WAMP AP Sharded Subscription]. */
  readonly place: string | undefined;
  /** `_queue`: the topic is the name of a queue, and this is what its consumer asks for. */
  readonly queue: ConsumerOptions | undefined;
  /** Why an option cannot be used. */
  readonly fault: string | undefined;
}

/** What a consumer of a queue asks for. */
export interface ConsumerOptions {
  /** `_credit`, or `concurrency`: how many messages it takes before it has answered any. */
  readonly credit: number | undefined;
  /** `_priority`: the higher is served first. */
  readonly priority: number | undefined;
  /** `_exclusive`: nobody else may consume the queue. */
  readonly exclusive: boolean | undefined;
  /** Why an option cannot be used. */
  readonly fault: string | undefined;
}

/** Subscribes. */
export interface Subscribe {
  readonly name: 'subscribe';
  readonly request: number;
  /** How a pattern is to be read; the text as it came, of which only WAMP's own policies are served. */
  readonly match: string | undefined;
  readonly topic: string;
  readonly source: SourceOptions;
}

/** Calls a procedure. */
export interface Call {
  readonly name: 'call';
  readonly request: number;
  readonly procedure: string;
  readonly receiveProgress: boolean;
  readonly discloseMe: boolean;
  readonly wishes: CallOptions;
  readonly cargo: Cargo;
}

/** Options of CALL that say how it is to be made; what is not given is undefined. */
export interface CallOptions {
  /** `timeout`, in ms [WAMP AP Call Timeouts]. */
  readonly timeoutMs: number | undefined;
  /** `rkey`, if `runmode` is `partition` [WAMP AP Sharded Registration]. */
  readonly shard: string | undefined;
  /** More parts of its arguments follow [WAMP AP Progressive Call Invocations]. */
  readonly progress: boolean;
  /** Why an option cannot be used. */
  readonly fault: string | undefined;
}

/** What REGISTER says about calls, and about those who offer the same procedure; some are Crossbar's options. */
export interface SharingOptions {
  /** `concurrency`: how many calls it takes before it has answered any. */
  readonly concurrency: number | undefined;
  /** `force_reregister`: take the procedure from whoever holds it. */
  readonly force: boolean;
  /** [WAMP AP Call Timeouts] */
  readonly forwardTimeout: boolean;
  /** Why an option cannot be used. */
  readonly fault: string | undefined;
}

/** Offers a procedure. */
export interface Register {
  readonly name: 'register';
  readonly request: number;
  /** How a pattern is to be read; the text as it came, of which only WAMP's own policies are served. */
  readonly match: string | undefined;
  readonly invoke: string | undefined;
  readonly sharing: SharingOptions;
  readonly discloseCaller: boolean;
  readonly procedure: string;
  /** What it asks for if the procedure is a queue. */
  readonly consumer: ConsumerOptions;
}

/** Answers an invocation. */
export interface Yield {
  readonly name: 'yield';
  readonly request: number;
  readonly progress: boolean;
  readonly cargo: Cargo;
}

/** A message, or a whole batch, that breaks the protocol; says what is wrong, in words of ours only. */
export interface Violation {
  readonly name: 'violation';
  readonly message: string;
}

/** Details of a message to a client. */
export type Details = Readonly<Record<string, unknown>>;

/** Encoded arguments on their way out. */
export interface Arguments {
  readonly args: Uint8Array | undefined;
  readonly kwargs: Uint8Array | undefined;
}

/** A request of a client that may be answered with ERROR. */
export type RequestName =
  'publish' | 'subscribe' | 'unsubscribe' | 'call' | 'cancel' | 'register' | 'unregister';

/** A message of the router to a client. */
export type RouterMessage =
  | { readonly name: 'welcome'; readonly session: number; readonly details: Details }
  | { readonly name: 'abort'; readonly details: Details; readonly reason: string }
  | { readonly name: 'challenge'; readonly method: string; readonly extra: Details }
  | { readonly name: 'goodbye'; readonly details: Details; readonly reason: string }
  | {
      readonly name: 'error';
      readonly to: RequestName;
      readonly request: number;
      readonly details: Details;
      readonly error: string;
      readonly cargo: Arguments;
    }
  | { readonly name: 'published'; readonly request: number; readonly publication: number }
  | { readonly name: 'subscribed'; readonly request: number; readonly subscription: number }
  | { readonly name: 'unsubscribed'; readonly request: number; readonly revoked?: Details }
  | {
      readonly name: 'event';
      readonly subscription: number;
      readonly publication: number;
      readonly details: Details;
      readonly cargo: Arguments;
    }
  | {
      readonly name: 'result';
      readonly request: number;
      readonly details: Details;
      readonly cargo: Arguments;
    }
  | { readonly name: 'registered'; readonly request: number; readonly registration: number }
  | { readonly name: 'unregistered'; readonly request: number; readonly revoked?: Details }
  | {
      readonly name: 'invocation';
      readonly request: number;
      readonly registration: number;
      readonly details: Details;
      readonly cargo: Arguments;
    }
  | { readonly name: 'interrupt'; readonly request: number; readonly options: Details };
