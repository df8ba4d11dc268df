import type { Proofs, RuleList } from './rules.mjs';
import type { Test } from './titles.mjs';

export function pages(root: string, lists: readonly RuleList[], proofs: Proofs<Test>): Map<string, string>;
