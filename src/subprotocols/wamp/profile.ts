import type { Hello, UriRule } from './codec/index.js';
import { OCTAL_SEPARATOR, RECORD_SEPARATOR } from './codec/index.js';

/** `strict`: the specification to the letter. `compatible`: clients as they are. */
export type ProfileName = 'compatible' | 'strict';

/**
 * Every way in which `compatible` is more lenient than `strict`. This table is all there is: what is not named here is the
 * same in both profiles.
 */
export const LENIENCIES = {
  requestGaps:
    'Request ids may have gaps and any beginning; only the id of an open call may not be used for another.',
  integralFloats:
    'An id may be written as a float without fraction (`1.0`), as some binary codecs do above 2^32.',
  nullOptions: 'A known option that is null counts as absent.',
  undefinedAsNull:
    'In MessagePack `d4 00 00`, which msgpackr (and thus wampy) writes for `undefined`, is read as null.',
  looseUris:
    'URIs follow the loose rule: no dot, `#` or white space inside a component; `strict` allows `0-9a-z_` only.',
  anyErrorUri: "A callee's ERROR may carry any text as its URI; it is passed on unchanged.",
  octalSeparator:
    'Batched JSON may use 0x18 instead of 0x1e, as autobahn-python does; a client that does, or whose agent is AutobahnPython or Crossbar, is answered likewise.',
  unannouncedReroute:
    'wamp.error.unavailable of a callee that shares its procedure goes to the next callee, though the first has not announced call_reroute: no released client announces it.',
  unannouncedParts:
    'A caller may send a call in parts though it has not announced progressive_call_invocations, as wampy does not.',
  progressWithoutCanceling:
    "AutobahnJS's callee may send progressive results though it does not announce call canceling.",
  silentCancel:
    'AutobahnJS gets no ERROR for a call that it has canceled with skip or killnowait: it has forgotten the call and would drop the connection.',
  barePayload:
    'autobahn-python may send a payload that is packed in the words of the older draft in place of the list of arguments, and gets it so.',
  silentRevocation:
    'autobahn-python is not told that a subscription was taken away: it takes that for an error and would drop the connection.',
} as const;

/** One of {@link LENIENCIES}. */
export type Leniency = keyof typeof LENIENCIES;

/** Which leniencies hold. */
export type Profile = Readonly<Record<Leniency, boolean>>;

/** Those that depend on what the client is. */
const AGENT_QUIRKS = [
  'octalSeparator',
  'progressWithoutCanceling',
  'silentCancel',
  'barePayload',
  'silentRevocation',
] as const satisfies Leniency[];

/** The leniencies of a profile; `agentQuirks` (default: as the profile) switches those that depend on the agent. */
export function profileOf(name: ProfileName, agentQuirks = name === 'compatible'): Profile {
  const lenient = name === 'compatible';
  const profile: Record<Leniency, boolean> = {
    requestGaps: lenient,
    integralFloats: lenient,
    nullOptions: lenient,
    undefinedAsNull: lenient,
    looseUris: lenient,
    anyErrorUri: lenient,
    octalSeparator: lenient,
    unannouncedReroute: lenient,
    unannouncedParts: lenient,
    progressWithoutCanceling: lenient,
    silentCancel: lenient,
    barePayload: lenient,
    silentRevocation: lenient,
  };
  for (const quirk of AGENT_QUIRKS) profile[quirk] = agentQuirks;
  return profile;
}

/** The characters that URIs may have. */
export function uriRuleOf(profile: Profile): UriRule {
  return profile.looseUris ? 'loose' : 'strict';
}

/** The octets that may end a message of a JSON batch. */
export function separatorsOf(profile: Profile): readonly number[] {
  return profile.octalSeparator ? [RECORD_SEPARATOR, OCTAL_SEPARATOR] : [RECORD_SEPARATOR];
}

/** What one client needs to be treated specially for. */
export interface Quirks {
  readonly octalSeparator: boolean;
  readonly progressWithoutCanceling: boolean;
  readonly silentCancel: boolean;
  readonly barePayload: boolean;
  readonly silentRevocation: boolean;
}

/** Which quirks apply to the client that sent this HELLO. */
export function quirksOf(hello: Hello, profile: Profile): Quirks {
  const autobahnJs = isAutobahnJs(hello);
  const autobahnPython = isAutobahnPython(hello);
  return {
    octalSeparator: profile.octalSeparator && /^(?:AutobahnPython|Crossbar)/.test(hello.agent ?? ''),
    progressWithoutCanceling: profile.progressWithoutCanceling && autobahnJs,
    silentCancel: profile.silentCancel && autobahnJs,
    barePayload: profile.barePayload && autobahnPython,
    silentRevocation: profile.silentRevocation && autobahnPython,
  };
}

/**
 * The released AutobahnJS names no agent. No other client that names none announces call canceling as a caller and, as a
 * callee, progressive results and registration revocation without call canceling.
 */
function isAutobahnJs({ agent, roles }: Hello): boolean {
  if (agent !== undefined) return agent.startsWith('AutobahnJS');
  const caller = roles.get('caller');
  const callee = roles.get('callee');
  return (
    caller?.has('call_canceling') === true &&
    callee?.has('progressive_call_results') === true &&
    callee.has('registration_revocation') &&
    !callee.has('call_canceling')
  );
}

/** The released autobahn-python names no agent either. Nobody but it announces this feature, which is in no specification. */
function isAutobahnPython({ agent, roles }: Hello): boolean {
  if (agent !== undefined) return agent.startsWith('AutobahnPython');
  return roles.get('subscriber')?.has('payload_encryption_cryptobox') === true;
}
