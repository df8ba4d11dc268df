import type { SessionLimits } from '../subprotocol.js';
import type { Dialect, FrameLimits, StompVersion } from './codec/index.js';
import type { SoftErrorPolicy } from './soft-errors.js';

/** What `stomp()` takes; everything has a default. */
export interface StompOptions {
  /**
   * `compatible` (default): real clients work, with each leniency of `docs/conformance.md`. `strict`: the specifications
   * to the letter.
   */
  readonly profile?: 'compatible' | 'strict';
  /** What separates the words of a destination after `/topic/`. Default `.`: the rest of the destination is the URI. */
  readonly separator?: '.' | '/';
  /** Whether refused frames may be told without ending the session (`docs/stomp.md`). Default `offer`: to clients that ask. */
  readonly softErrors?: SoftErrorPolicy;
  readonly heartBeat?: Partial<HeartBeatOptions>;
  readonly limits?: Partial<Omit<StompLimits, 'beforeLogin' | 'afterLogin'>> & {
    readonly beforeLogin?: Partial<StompLimits['beforeLogin']>;
    readonly afterLogin?: Partial<StompLimits['afterLogin']>;
  };
}

/** How heart-beats are agreed on and how patient we are [STOMP 1.2 §Heart-beating]. */
export interface HeartBeatOptions {
  /** The shortest interval that we agree to, in ms. Default 1000. */
  readonly minMs: number;
  /** The longest interval that we offer, in ms. Default 300 000. */
  readonly maxMs: number;
  /** A client is given up after this many intervals without an octet. Default 2. */
  readonly tolerance: number;
  /** And this many ms on top. Default 2000. */
  readonly graceMs: number;
}

/** What one STOMP session may send and hold. */
export interface StompLimits {
  /** Frames before CONNECTED. Default 32 B, 256 B, 4 KiB, 32 headers, no body, 16 KiB in all. */
  readonly beforeLogin: FrameLimits;
  /** Frames after it; body and frame are those of the session's `messageBytes`. Default 32 B, 256 B, 64 KiB, 100 headers. */
  readonly afterLogin: Omit<FrameLimits, 'body' | 'frame'>;
  /** From a frame's first octet to its last before CONNECTED, in ms. Default 5000. */
  readonly loginFrameMs: number;
  /** Without a further piece of an unfinished frame, in ms. Default 30 000. */
  readonly frameMs: number;
  /** Length of a `receipt`, in UTF-8 bytes. Default 256. */
  readonly receiptBytes: number;
  /** Open transactions. Default 16. */
  readonly transactions: number;
  /** Frames in one transaction. Default 1024. */
  readonly transactionFrames: number;
  /** Bytes of headers and bodies in all open transactions. Default 1 MiB. */
  readonly transactionBytes: number;
  /** Reply addresses (`/temp-queue/…`). Default 100. */
  readonly replyAddresses: number;
  /**
   * Deliveries of one subscription that are remembered until their ACK or NACK; of one session, of the last 16 times as
   * many. Default 1000.
   */
  readonly unacknowledged: number;
  /** From the RECEIPT of DISCONNECT to our close, if the client does not close first, in ms. Default 1500. */
  readonly lingerMs: number;
}

/** Options with every default filled in. */
export interface StompSettings {
  readonly strict: boolean;
  readonly separator: '.' | '/';
  readonly softErrors: SoftErrorPolicy;
  readonly heartBeat: HeartBeatOptions;
  readonly limits: StompLimits;
  /** What frames may have after the login. */
  readonly frameLimits: (session: SessionLimits) => FrameLimits;
  /** How frames are read; the same objects for all sessions, which look at them with every line. */
  readonly reading: Readonly<Record<StompVersion | 'beforeLogin', Dialect>>;
}

/** The defaults of {@link HeartBeatOptions}. */
export const DEFAULT_HEART_BEAT: HeartBeatOptions = {
  minMs: 1000,
  maxMs: 300_000,
  tolerance: 2,
  graceMs: 2000,
};

/** The defaults of {@link StompLimits}. */
export const DEFAULT_STOMP_LIMITS: StompLimits = {
  beforeLogin: {
    command: 32,
    headerName: 256,
    headerValue: 4096,
    headers: 32,
    body: 0,
    frame: 16_384,
  },
  afterLogin: { command: 32, headerName: 256, headerValue: 65_536, headers: 100 },
  loginFrameMs: 5000,
  frameMs: 30_000,
  receiptBytes: 256,
  transactions: 16,
  transactionFrames: 1024,
  transactionBytes: 1024 * 1024,
  replyAddresses: 100,
  unacknowledged: 1000,
  lingerMs: 1500,
};

/** Fills the defaults in. */
export function settingsOf(options: StompOptions): StompSettings {
  const { limits } = options;
  const strict = options.profile === 'strict';
  const lenient = !strict;
  const afterLogin = { ...DEFAULT_STOMP_LIMITS.afterLogin, ...limits?.afterLogin };
  return {
    strict,
    separator: options.separator ?? '.',
    softErrors: options.softErrors ?? 'offer',
    heartBeat: { ...DEFAULT_HEART_BEAT, ...options.heartBeat },
    limits: {
      ...DEFAULT_STOMP_LIMITS,
      ...limits,
      beforeLogin: { ...DEFAULT_STOMP_LIMITS.beforeLogin, ...limits?.beforeLogin },
      afterLogin,
    },
    frameLimits: frameLimitsOf(afterLogin),
    reading: {
      beforeLogin: { version: undefined, lenient },
      '1.0': { version: '1.0', lenient },
      '1.1': { version: '1.1', lenient },
      '1.2': { version: '1.2', lenient },
    },
  };
}

/** What frames may have after the login: one object for all sessions, as each line of a frame is held against it. */
function frameLimitsOf({ command, headerName, headerValue, headers }: StompLimits['afterLogin']) {
  const made = new WeakMap<SessionLimits, FrameLimits>();
  return (session: SessionLimits): FrameLimits => {
    let limits = made.get(session);
    if (limits === undefined) {
      const { messageBytes } = session;
      limits = { command, headerName, headerValue, headers, body: messageBytes, frame: messageBytes };
      made.set(session, limits);
    }
    return limits;
  };
}
