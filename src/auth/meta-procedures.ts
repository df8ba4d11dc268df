/** Renews the caller's own login; needs no right, because whoever calls it proves who it is. */
export const RENEWAL = 'wamp.session.renew';

/**
 * Procedures of the router that are about the caller's own session, or ask for the caller's other rights themselves
 * [WAMP AP Testaments] [WAMP AP Event History]. They are allowed unless a rule denies them.
 */
export const OWN_PROCEDURES: ReadonlySet<string> = new Set([
  RENEWAL,
  'wamp.session.add_testament',
  'wamp.session.flush_testaments',
  'wamp.subscription.get_events',
]);

/** Procedures of the router that only tell what there is [WAMP AP Session Meta API] [WAMP AP Registration Meta API]. */
export const READING_PROCEDURES: ReadonlySet<string> = new Set([
  'wamp.session.count',
  'wamp.session.list',
  'wamp.session.get',
  'wamp.registration.list',
  'wamp.registration.lookup',
  'wamp.registration.match',
  'wamp.registration.get',
  'wamp.registration.list_callees',
  'wamp.registration.count_callees',
  'wamp.subscription.list',
  'wamp.subscription.lookup',
  'wamp.subscription.match',
  'wamp.subscription.get',
  'wamp.subscription.list_subscribers',
  'wamp.subscription.count_subscribers',
]);
