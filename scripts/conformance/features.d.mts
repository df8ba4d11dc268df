import type { Named } from './rules.mjs';

/** One thing that a STOMP user may look for. */
export type Feature =
  | {
      readonly id: string;
      readonly feature: string;
      readonly answer: 'yes';
      /** How it is here, if that needs a word. */
      readonly note: string;
      /** `file › block › title` of each test that proves it. */
      readonly tests: readonly string[];
    }
  | {
      readonly id: string;
      readonly feature: string;
      readonly answer: 'no';
      /** Why not, and what to use instead. */
      readonly note: string;
    };

export interface FeatureGroup {
  readonly title: string;
  readonly features: readonly Feature[];
}

export interface FeatureProofs<T> {
  /** id of a feature that is there → its tests */
  readonly byId: ReadonlyMap<string, readonly T[]>;
  /** Tests that are named and not there. */
  readonly faults: readonly string[];
}

export function readFeatures(root: string): FeatureGroup[];
export function proveFeatures<T extends Named>(
  groups: readonly FeatureGroup[],
  tests: readonly T[],
): FeatureProofs<T>;
export function isRunOf(written: Named, ran: Named): boolean;
