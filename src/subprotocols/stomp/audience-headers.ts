import type { Audience, Receivers } from '../../broker/index.js';
import { MOST_LISTED } from '../../broker/index.js';
import type { FrameHeaders } from './codec/index.js';
import { idOf } from './global-ids.js';
import type { HeaderValues } from './header-values.js';

/**
 * Who may receive a publication, by the lists of the SEND: `eligible` and `exclude` name sessions by the number in their
 * CONNECTED's `session`, `…-authid` users, `…-authrole` roles, with commas between. They mean what WAMP's options mean
 * [WAMP AP Subscriber Black- and Whitelisting]: a list that is there and empty is nobody's. Undefined if there is none. One with
 * more than {@link MOST_LISTED} entries is refused.
 */
export function audienceOf(values: HeaderValues): Audience | undefined {
  const eligible = receiversOf(values, 'eligible');
  const exclude = receiversOf(values, 'exclude');
  return eligible === undefined && exclude === undefined ? undefined : { eligible, exclude };
}

/** Refuses a SEND that would reach others than its lists say: a queue has no audience. */
export function refuseAudience(headers: FrameHeaders, values: HeaderValues): void {
  for (const name of AUDIENCE_HEADERS) {
    if (headers.get(name) !== undefined) values.refuse(name, 'is for topics only');
  }
}

/** The headers that name an audience. */
export const AUDIENCE_HEADERS = [
  'eligible',
  'eligible-authid',
  'eligible-authrole',
  'exclude',
  'exclude-authid',
  'exclude-authrole',
] as const;

function receiversOf(values: HeaderValues, name: 'eligible' | 'exclude'): Receivers | undefined {
  const sessions = sessionsOf(values, name);
  const authids = namesOf(values, `${name}-authid`);
  const authroles = namesOf(values, `${name}-authrole`);
  const said = sessions ?? authids ?? authroles;
  return said === undefined ? undefined : { sessions, authids, authroles };
}

function sessionsOf(values: HeaderValues, name: string): ReadonlySet<number> | undefined {
  const listed = namesOf(values, name);
  if (listed === undefined) return undefined;
  const sessions = new Set<number>();
  for (const text of listed) {
    const id = idOf(text);
    if (id !== undefined) sessions.add(id);
    else values.refuse(name, 'is a list of session numbers');
  }
  return sessions;
}

function namesOf(values: HeaderValues, header: string): ReadonlySet<string> | undefined {
  const list = values.text(header);
  if (list === undefined) return undefined;
  const names = list.split(',').map((name) => name.trim());
  const listed = new Set(names.filter((name) => name !== ''));
  if (listed.size > MOST_LISTED) values.refuse(header, `may have ${MOST_LISTED} entries`);
  return listed;
}
