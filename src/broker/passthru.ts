/** How a payload is packed that is the business of its two ends alone [WAMP AP Payload Passthru Mode]; passed on as it is. */
export interface Passthru {
  /** Empty if it is said in the older words only. */
  readonly scheme: string;
  readonly serializer?: string | undefined;
  readonly cipher?: string | undefined;
  readonly keyid?: string | undefined;
  /** In the words of an older draft (`enc_…`), alone or beside the others. */
  readonly older?: OlderPassthru | undefined;
}

/** What an older draft of the specification says about a packed payload, and its test vectors still do. */
export interface OlderPassthru {
  readonly algo: string;
  readonly key?: string | undefined;
  readonly serializer?: string | undefined;
}

/** Which packed payloads somebody understands: all, those in the older words alone, or none. */
export type Unpacking = boolean | 'older';

/** Whether somebody understands how a payload is packed. */
export function unpacks(understands: Unpacking | undefined, { scheme }: Passthru): boolean {
  return understands === true || (understands === 'older' && scheme === '');
}

/** Characters of what it says. */
export function sizeOfPassthru(passthru: Passthru | undefined): number {
  if (passthru === undefined) return 0;
  const { scheme, serializer, cipher, keyid, older } = passthru;
  const said = [scheme, serializer, cipher, keyid, older?.algo, older?.key, older?.serializer];
  return said.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
