/** A version of STOMP. */
export type StompVersion = '1.0' | '1.1' | '1.2';

/** Every version that we speak, ascending. */
export const STOMP_VERSIONS: readonly StompVersion[] = ['1.0', '1.1', '1.2'];

/**
 * The highest version that both sides speak [STOMP 1.2 §Protocol Negotiation]; undefined if there is none. Blanks around
 * the commas are passed over; without an `accept-version` header the client speaks 1.0.
 */
export function highestCommonVersion(acceptVersion: string | undefined): StompVersion | undefined {
  if (acceptVersion === undefined) return '1.0';
  const offered = new Set(acceptVersion.split(',').map((version) => version.trim()));
  return STOMP_VERSIONS.findLast((version) => offered.has(version));
}
