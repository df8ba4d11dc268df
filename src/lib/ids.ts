/** Where identifiers come from. The composition root supplies one that draws from a cryptographic source. */
export interface IdSource {
  /**
   * A global-scope id: uniform over 1 … 2^53 − 1 and unpredictable [WAMP BP IDs]. 2^53 itself is left out because every
   * JavaScript binary codec writes it as a float.
   */
  id(): number;
  /** An unguessable name of at least 128 random bits, in URL-safe characters. */
  token(): string;
}
