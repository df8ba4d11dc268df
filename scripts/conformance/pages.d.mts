import type { FeatureGroup, FeatureProofs } from './features.mjs';
import type { Proofs, RuleList } from './rules.mjs';
import type { Test } from './titles.mjs';

export function pages(
  root: string,
  lists: readonly RuleList[],
  proofs: Proofs<Test>,
  groups: readonly FeatureGroup[],
  found: FeatureProofs<Test>,
): Map<string, string>;
