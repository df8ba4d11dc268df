import type { DoorRefusal } from './addresses.js';
import type { Offered } from './announcements.js';
import type { Profile } from './profile.js';

/** How the sessions of one endpoint speak WAMP. */
export interface Dialect {
  readonly profile: Profile;
  /** Which features are switched on. */
  readonly offered: Offered;
}

/** The refusal of an option that asks for a feature that is switched off [WAMP BP Predefined URIs]. */
export function optionRefused(option: string): DoorRefusal {
  return { error: 'wamp.error.option_not_allowed', reason: `${option} is not allowed here.` };
}

/** The refusal of disclosure where it is switched off [WAMP AP Publisher Identification], [WAMP AP Caller Identification]. */
export const UNDISCLOSED: DoorRefusal = {
  error: 'wamp.error.option_disallowed.disclose_me',
  reason: 'Disclosure is not allowed here.',
};
