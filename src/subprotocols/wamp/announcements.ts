import type { Broker } from '../../broker/index.js';

/** Every feature of the Advanced Profile that the router has and that can be switched off, as WELCOME announces it. */
export type FeatureName =
  | 'publisher_identification'
  | 'publisher_exclusion'
  | 'subscriber_blackwhite_listing'
  | 'pattern_based_subscription'
  | 'event_retention'
  | 'event_history'
  | 'sharded_subscription'
  | 'subscription_revocation'
  | 'publication_trustlevels'
  | 'caller_identification'
  | 'pattern_based_registration'
  | 'shared_registration'
  | 'registration_revocation'
  | 'call_reroute'
  | 'call_canceling'
  | 'call_timeout'
  | 'progressive_call_results'
  | 'progressive_call_invocations'
  | 'sharded_registration'
  | 'call_trustlevels'
  | 'testament_meta_api'
  | 'reflection'
  | 'payload_passthru_mode'
  | 'session_meta_api'
  | 'subscription_meta_api'
  | 'registration_meta_api';

/** A role of the router. */
type RouterRole = 'broker' | 'dealer';

/** What is announced of a feature, and when. */
interface FeatureRule {
  /** In whose features WELCOME names it. */
  readonly roles: readonly RouterRole[];
  /** Whether a realm has what it needs: a store, an authorizer that says more than yes or no. Default: it needs nothing. */
  readonly needs?: (broker: Broker) => boolean;
  /** Features without which it is none; with one of them it is switched off as well. */
  readonly restsOn?: readonly FeatureName[];
}

const BROKER: readonly RouterRole[] = ['broker'];
const DEALER: readonly RouterRole[] = ['dealer'];

/**
 * All that is ever announced [WAMP AP Feature Announcement]. The order is that of WELCOME. Sharded subscription is announced as
 * sharded registration is, though its section prints `shareded_subscriptions`.
 */
const RULES = {
  publisher_identification: { roles: BROKER },
  publisher_exclusion: { roles: BROKER },
  subscriber_blackwhite_listing: { roles: BROKER },
  pattern_based_subscription: { roles: BROKER },
  event_retention: { roles: BROKER, needs: ({ retains }) => retains },
  event_history: { roles: BROKER, needs: ({ remembers }) => remembers },
  sharded_subscription: { roles: BROKER },
  subscription_revocation: { roles: BROKER },
  publication_trustlevels: { roles: BROKER, needs: ({ trustlevels }) => trustlevels },
  caller_identification: { roles: DEALER },
  pattern_based_registration: { roles: DEALER },
  shared_registration: { roles: DEALER },
  registration_revocation: { roles: DEALER },
  call_reroute: { roles: DEALER },
  call_canceling: { roles: DEALER },
  call_timeout: { roles: DEALER },
  // Both need a callee that can be told to stop [WAMP AP Progressive Call Results], [WAMP AP Progressive Call Invocations].
  progressive_call_results: { roles: DEALER, restsOn: ['call_canceling'] },
  progressive_call_invocations: { roles: DEALER, restsOn: ['call_canceling'] },
  // Nobody shares keys out to one callee.
  sharded_registration: { roles: DEALER, restsOn: ['shared_registration'] },
  call_trustlevels: { roles: DEALER, needs: ({ trustlevels }) => trustlevels },
  testament_meta_api: { roles: DEALER },
  reflection: { roles: ['broker', 'dealer'] },
  payload_passthru_mode: { roles: ['broker', 'dealer'] },
  session_meta_api: { roles: ['broker', 'dealer'] },
  subscription_meta_api: { roles: BROKER },
  registration_meta_api: { roles: DEALER },
} as const satisfies Record<FeatureName, FeatureRule>;

/** The names of all features that can be switched off. */
export const FEATURE_NAMES = Object.keys(RULES) as readonly FeatureName[];

/** Features that are to be on or off; what is not named is on. */
export type FeatureSwitches = { readonly [Name in FeatureName]?: boolean | undefined };

/** What is on, by switches alone: a realm may lack what a feature needs. */
export type Offered = Readonly<Record<FeatureName, boolean>>;

/** What is on by these switches, and by those that it rests on. */
export function offeredBy(switches: FeatureSwitches = {}): Offered {
  const isOn = (name: FeatureName): boolean => {
    const { restsOn = [] }: FeatureRule = RULES[name];
    return switches[name] !== false && restsOn.every(isOn);
  };
  return Object.fromEntries(FEATURE_NAMES.map((name) => [name, isOn(name)])) as Record<FeatureName, boolean>;
}

/** WELCOME.Details.roles: what works in this realm, and nothing else. */
export function rolesOf(broker: Broker, offered: Offered): object {
  const features: Record<RouterRole, Record<string, true>> = { broker: {}, dealer: {} };
  for (const name of FEATURE_NAMES) {
    const { roles, needs }: FeatureRule = RULES[name];
    if (!offered[name] || needs?.(broker) === false) continue;
    for (const role of roles) features[role][name] = true;
  }
  // Its chapter names it beside the features, not among them [WAMP AP Interface Reflection].
  const beside = offered.reflection ? { reflection: true } : {};
  return {
    broker: { features: features.broker, ...beside },
    dealer: { features: features.dealer, ...beside },
  };
}
