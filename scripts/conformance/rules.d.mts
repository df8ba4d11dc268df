/** What names ids: a test of a source file, or one of a run. */
export interface Named {
  readonly file: string;
  readonly title: string;
  readonly around: readonly string[];
}

/** A rule of a specification, or a threat with what we do about it. */
export type Rule =
  | { readonly id: string; readonly rule: string; readonly clause: string }
  | { readonly id: string; readonly threat: string; readonly behaviour: string };

export interface RuleList {
  readonly name: string;
  readonly file: string;
  readonly rules: readonly Rule[];
}

export interface Proofs<T> {
  /** id → the tests that prove it */
  readonly byId: ReadonlyMap<string, readonly T[]>;
  /** Ids without a test. */
  readonly holes: readonly string[];
  /** Titles that name an unknown id, or name ids wrongly. */
  readonly faults: readonly string[];
}

export function readRules(root: string): RuleList[];
export function prove<T extends Named>(lists: readonly RuleList[], tests: readonly T[]): Proofs<T>;
