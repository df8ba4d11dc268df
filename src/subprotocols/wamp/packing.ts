import type { Unpacking } from '../../broker/index.js';
import { sizeOfPassthru, unpacks } from '../../broker/index.js';
import type { Offered } from './announcements.js';
import type { Passthru, Role, Roles } from './codec/index.js';

/**
 * Which packed payloads a client understands in a role, by what it has announced: the feature's name of today
 * [WAMP AP Payload Passthru Mode], or one of an older draft's, which says nothing about `ppt_…`.
 */
export function packingOf(roles: Roles, role: Role): Unpacking {
  const features = roles.get(role);
  if (features?.has('payload_passthru_mode') === true) return true;
  const isOlder =
    features?.has('payload_transparency') === true || features?.has('payload_encryption_cryptobox') === true;
  return isOlder && 'older';
}

/** Whether a client may send what it has packed so: it has announced that, and the feature is on. */
export function mayPack(
  { roles, offered }: { readonly roles: Roles; readonly offered: Offered },
  role: Role,
  passthru: Passthru | undefined,
): boolean {
  if (passthru === undefined) return true;
  return offered.payload_passthru_mode && unpacks(packingOf(roles, role), passthru);
}

/** About what a payload is packed with: names, and that of a key. In characters. */
const LONGEST_PACKING = 4096;

/** What is wrong with how a payload is packed, if anything is: the scheme is required [WAMP AP Payload Passthru Mode]. */
export function schemeFault(passthru: Passthru | undefined): string | undefined {
  if (passthru === undefined) return undefined;
  const { scheme, serializer, cipher, keyid, older } = passthru;
  if (older?.algo === '') return 'Payload passthru needs an enc_algo.';
  if (sizeOfPassthru(passthru) > LONGEST_PACKING)
    return `What ppt_… and enc_… say may have ${LONGEST_PACKING} characters in all.`;
  const isToday = older === undefined || [serializer, cipher, keyid].some((text) => text !== undefined);
  return isToday && scheme === '' ? 'Payload passthru needs a ppt_scheme.' : undefined;
}
