import type { Subprotocol } from '../subprotocol.js';
import { offeredBy } from './announcements.js';
import { provideEventHistory } from './procedures/event-history.js';
import { provideMetaApi } from './procedures/meta-api.js';
import { FORMATS } from './output.js';
import type { WampLimits, WampOptions } from './options.js';
import { DEFAULT_WAMP_LIMITS } from './options.js';
import { profileOf } from './profile.js';
import { provideReflection } from './procedures/reflection.js';
import { provideTestaments } from './procedures/testaments.js';
import { WampSession } from './wamp-session.js';

export { FEATURE_NAMES } from './announcements.js';
export type { FeatureName, FeatureSwitches } from './announcements.js';
export { DEFAULT_WAMP_LIMITS } from './options.js';
export type { WampLimits, WampOptions } from './options.js';
export { LENIENCIES } from './profile.js';
export type { Leniency, ProfileName } from './profile.js';

/** HELLO as JSON text; white space is allowed between its parts. */
const JSON_HELLO = /^[ \t\r\n]*\[[ \t\r\n]*1[ \t\r\n]*,/;
/** How far the beginning of a message is looked at, in bytes. */
const LOOK = 64;

/** WAMP v2 [WAMP BP], in JSON, MessagePack and CBOR, each also batched. */
export function wamp(options: WampOptions = {}): Subprotocol {
  const profile = profileOf(options.profile ?? 'compatible', options.agentQuirks);
  const dialect = { profile, offered: offeredBy(options.features) };
  const limits: WampLimits = {
    beforeLogin: { ...DEFAULT_WAMP_LIMITS.beforeLogin, ...options.limits?.beforeLogin },
    afterLogin: { ...DEFAULT_WAMP_LIMITS.afterLogin, ...options.limits?.afterLogin },
  };
  const json = FORMATS['wamp.2.json']!;
  return {
    name: 'wamp',
    tokens: Object.keys(FORMATS),
    recognises: (first, isBinary) => !isBinary && JSON_HELLO.test(first.toString('latin1', 0, LOOK)),
    realmStarted: (broker) => {
      provideMetaApi(broker, dialect.offered);
      if (dialect.offered.testament_meta_api) provideTestaments(broker, dialect.offered);
      if (dialect.offered.event_history) provideEventHistory(broker, dialect.offered);
      if (dialect.offered.reflection) provideReflection(broker);
    },
    open: (link, { token }, services) =>
      new WampSession(link, services, FORMATS[token ?? ''] ?? json, dialect, limits),
  };
}
