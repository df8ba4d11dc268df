import type { ScanLimits } from '../../serializers/index.js';
import type { Subprotocol } from '../subprotocol.js';
import { FORMATS } from './output.js';
import { profileOf } from './profile.js';
import type { ProfileName } from './profile.js';
import { WampSession } from './wamp-session.js';

/** What {@link wamp} takes; everything has a default. */
export interface WampOptions {
  /** `compatible` (default): real clients work, with the {@link LENIENCIES}; `strict`: the specification to the letter. */
  readonly profile?: ProfileName;
  /** Whether leniencies that depend on the client's agent hold. Default: as the profile. */
  readonly agentQuirks?: boolean;
  /** What messages may hold, for clients without a session and with one. */
  readonly limits?: {
    /** Default: depth 16, 1024 items, strings of 4 KiB. */
    readonly beforeLogin?: Partial<ScanLimits>;
    /** Default: depth 64, 100 000 items, strings as long as the message. */
    readonly session?: Partial<ScanLimits>;
  };
}

const BEFORE_LOGIN: ScanLimits = { maxDepth: 16, maxItems: 1024, maxString: 4096 };
const SESSION: ScanLimits = { maxDepth: 64, maxItems: 100_000, maxString: Number.MAX_SAFE_INTEGER };

/** HELLO as JSON text; white space is allowed between its parts. */
const JSON_HELLO = /^[ \t\r\n]*\[[ \t\r\n]*1[ \t\r\n]*,/;
/** How far the beginning of a message is looked at, in bytes. */
const LOOK = 64;

/** WAMP v2 [WAMP BP], in JSON, MessagePack and CBOR, each also batched. */
export function wamp(options: WampOptions = {}): Subprotocol {
  const profile = profileOf(options.profile ?? 'compatible', options.agentQuirks);
  const limits = {
    beforeLogin: { ...BEFORE_LOGIN, ...options.limits?.beforeLogin },
    session: { ...SESSION, ...options.limits?.session },
  };
  const json = FORMATS['wamp.2.json']!;
  return {
    name: 'wamp',
    tokens: Object.keys(FORMATS),
    recognises: (first, isBinary) => !isBinary && JSON_HELLO.test(first.toString('latin1', 0, LOOK)),
    open: (link, { token }, services) =>
      new WampSession(link, services, FORMATS[token ?? ''] ?? json, profile, limits),
  };
}

export { LENIENCIES } from './profile.js';
export type { Leniency, ProfileName } from './profile.js';
