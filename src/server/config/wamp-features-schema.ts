import { z } from 'zod';
import { FEATURE_NAMES } from '../../subprotocols/index.js';
import type { FeatureName } from '../../subprotocols/index.js';

const on = z.boolean().default(true);

/** What each switch says of itself. */
const DESCRIPTIONS: Readonly<Record<FeatureName, string>> = {
  publisher_identification: '`disclose_me` of PUBLISH; off: refused, and no subscriber is told',
  publisher_exclusion: '`exclude_me` of PUBLISH; off: ignored, a publisher never hears itself',
  subscriber_blackwhite_listing: '`eligible…` and `exclude…` of PUBLISH; off: refused',
  pattern_based_subscription: '`match` of SUBSCRIBE; off: only `exact`',
  event_retention: '`retain` and `get_retained`; off: ignored',
  event_history: '`wamp.subscription.get_events`; off: not there',
  sharded_subscription: '`rkey` of PUBLISH and `nkey` of SUBSCRIBE; off: ignored',
  subscription_revocation: 'UNSUBSCRIBED with request 0; off: not sent',
  publication_trustlevels: '`trustlevel` of EVENT; off: left out',
  caller_identification: '`disclose_me` of CALL and `disclose_caller` of REGISTER; off: refused',
  pattern_based_registration: '`match` of REGISTER; off: only `exact`',
  shared_registration: '`invoke` of REGISTER; off: only `single`',
  registration_revocation: 'UNREGISTERED with request 0; off: not sent',
  call_reroute: '`wamp.error.unavailable` of a callee; off: passed on to the caller',
  call_canceling: 'CANCEL and INTERRUPT; off: ignored, and not sent',
  call_timeout: '`timeout` of CALL; off: ignored, the limits hold',
  progressive_call_results: '`receive_progress` of CALL; off: ignored',
  progressive_call_invocations: '`progress` of CALL; off: a protocol violation',
  sharded_registration: '`runmode` of CALL; off: refused',
  call_trustlevels: '`trustlevel` of INVOCATION; off: left out',
  session_meta_api: '`wamp.session.…`: looking at sessions, ending them; off: not there',
  subscription_meta_api: '`wamp.subscription.…` but for the history; off: not there',
  registration_meta_api: '`wamp.registration.…`; off: not there',
  testament_meta_api: '`wamp.session.add_testament` and `flush_testaments`; off: not there',
  reflection: '`wamp.reflection.…` and `wamp.reflect.…`; off: not there',
  payload_passthru_mode: '`ppt_…`; off: a protocol violation',
};

const switches = Object.fromEntries(
  FEATURE_NAMES.map((name) => [name, on.describe(DESCRIPTIONS[name])]),
) as Record<FeatureName, typeof on>;

/** `subprotocols.wamp.features` */
export const wampFeaturesSchema = z
  .strictObject(switches)
  .prefault({})
  .describe(
    'Features of the Advanced Profile; what is off is neither announced nor there. Without `call_canceling` there are no ' +
      'progressive calls, without `shared_registration` no sharded ones',
  );
