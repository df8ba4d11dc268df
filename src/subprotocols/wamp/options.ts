import type { ScanLimits } from '../../serializers/index.js';
import type { FeatureSwitches } from './announcements.js';
import type { ProfileName } from './profile.js';

/** What `wamp()` takes; everything has a default. */
export interface WampOptions {
  /** `compatible` (default): real clients work, with what `LENIENCIES` lists; `strict`: the specification to the letter. */
  readonly profile?: ProfileName;
  /** Whether leniencies that depend on the client's agent hold. Default: as the profile. */
  readonly agentQuirks?: boolean | undefined;
  /**
   * Features of the Advanced Profile that are switched off, by the names under which WELCOME announces them; what rests on one
   * that is off is off as well. Default: all are on.
   */
  readonly features?: FeatureSwitches | undefined;
  readonly limits?: { readonly [When in keyof WampLimits]?: Partial<WampLimits[When]> };
}

/** What one WAMP message may hold, for clients without a session and with one. */
export interface WampLimits {
  /** Default: depth 16, 1024 items, strings of 4 KiB. */
  readonly beforeLogin: ScanLimits;
  /** Default: depth 64, 100 000 items, strings as long as the message. */
  readonly afterLogin: ScanLimits;
}

/** The defaults of {@link WampLimits}. */
export const DEFAULT_WAMP_LIMITS: WampLimits = {
  beforeLogin: { maxDepth: 16, maxItems: 1024, maxString: 4096 },
  afterLogin: { maxDepth: 64, maxItems: 100_000, maxString: Number.MAX_SAFE_INTEGER },
};
