import type { Broker } from '../../broker/index.js';

/**
 * What works, and nothing else [WAMP AP Feature Announcement]: events are retained where there is a store for them, callers
 * trusted more or less where the authorizer says how much.
 */
export function rolesOf({ retains, ranksCallers }: Broker): object {
  const { broker, dealer } = ROUTER_ROLES;
  return {
    broker: { features: retains ? { ...broker.features, event_retention: true } : broker.features },
    dealer: { features: ranksCallers ? { ...dealer.features, call_trustlevels: true } : dealer.features },
  };
}

const ROUTER_ROLES = {
  broker: {
    features: {
      publisher_identification: true,
      publisher_exclusion: true,
      subscriber_blackwhite_listing: true,
      pattern_based_subscription: true,
    },
  },
  dealer: {
    features: {
      caller_identification: true,
      pattern_based_registration: true,
      shared_registration: true,
      registration_revocation: true,
      call_reroute: true,
      call_canceling: true,
      call_timeout: true,
      progressive_call_results: true,
      progressive_call_invocations: true,
      sharded_registration: true,
      payload_passthru_mode: true,
    },
  },
} as const;
