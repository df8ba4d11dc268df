/** The rules that tests prove, and which tests prove which. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { idsOf } from './titles.mjs';

/** The lists of rules: name on the command line, file, page and what one rule holds. */
export const LISTS = [
  { name: 'stomp', file: 'docs/conformance-stomp.json', keys: ['id', 'rule', 'clause'] },
  { name: 'wamp', file: 'docs/conformance-wamp.json', keys: ['id', 'rule', 'clause'] },
  { name: 'security', file: 'docs/security.json', keys: ['id', 'threat', 'behaviour'] },
];

/**
 * Reads the lists.
 *
 * @param {string} root
 * @returns {import('./rules.d.mts').RuleList[]}
 * @throws Error if a rule lacks a text, has another key, or an id stands twice.
 */
export function readRules(root) {
  const seen = new Set();
  return LISTS.map(({ name, file, keys }) => {
    const rules = JSON.parse(readFileSync(join(root, file), 'utf8'));
    for (const rule of rules) {
      const wrong = Object.keys(rule).join() !== keys.join() || keys.some((key) => !isText(rule[key]));
      if (wrong)
        throw new Error(`${file}: a rule has exactly the texts ${keys.join(', ')}: ${JSON.stringify(rule)}`);
      if (seen.has(rule.id)) throw new Error(`${file}: ${rule.id} stands twice`);
      seen.add(rule.id);
    }
    return { name, file, rules };
  });
}

function isText(value) {
  return typeof value === 'string' && value.trim() !== '';
}

/**
 * Which tests prove which rule: those whose own title, or that of a block around them, names its id.
 *
 * @template {import('./rules.d.mts').Named} T
 * @param {readonly import('./rules.d.mts').RuleList[]} lists
 * @param {readonly T[]} tests
 * @returns {import('./rules.d.mts').Proofs<T>}
 */
export function prove(lists, tests) {
  const byId = new Map(lists.flatMap(({ rules }) => rules.map(({ id }) => [id, []])));
  const faults = new Set();
  for (const test of tests) {
    const proven = new Set();
    for (const title of [...test.around, test.title]) {
      const { ids, fault } = idsOf(title);
      if (fault !== undefined) faults.add(`${test.file}: “${title}” ${fault}`);
      for (const id of ids) {
        if (byId.has(id)) proven.add(id);
        else faults.add(`${test.file}: “${title}” names ${id}, which no list has`);
      }
    }
    for (const id of proven) byId.get(id).push(test);
  }
  const holes = [...byId].filter(([, found]) => found.length === 0).map(([id]) => id);
  return { byId, holes, faults: [...faults] };
}
