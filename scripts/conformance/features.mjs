/** What STOMP users may look for: each feature with our answer, and the tests that prove a “yes”. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const FEATURES = 'docs/stomp-features.json';
const KEYS = { yes: ['id', 'feature', 'answer', 'note', 'tests'], no: ['id', 'feature', 'answer', 'note'] };
const BETWEEN = ' › ';

/**
 * Reads the groups of features.
 *
 * @param {string} root
 * @returns {import('./features.d.mts').FeatureGroup[]}
 * @throws Error if a feature lacks a text, has another key, or an id stands twice.
 */
export function readFeatures(root) {
  const groups = JSON.parse(readFileSync(join(root, FEATURES), 'utf8'));
  const seen = new Set();
  for (const feature of groups.flatMap(({ features }) => features)) {
    const { id, answer, note } = feature;
    const keys = KEYS[answer];
    if (keys === undefined || Object.keys(feature).join() !== keys.join())
      throw new Error(
        `${FEATURES}: ${id}: a feature has ${KEYS.yes.join(', ')}, or without tests if it is a no`,
      );
    if (seen.has(id)) throw new Error(`${FEATURES}: ${id} stands twice`);
    seen.add(id);
    if (answer === 'no' && note === '') throw new Error(`${FEATURES}: ${id} is a no without a reason`);
  }
  return groups;
}

/**
 * Finds the tests that features name, as `file › block › title`.
 *
 * @template {import('./rules.d.mts').Named} T
 * @param {readonly import('./features.d.mts').FeatureGroup[]} groups
 * @param {readonly T[]} tests
 * @returns {import('./features.d.mts').FeatureProofs<T>}
 */
export function proveFeatures(groups, tests) {
  const byName = new Map();
  for (const test of tests) {
    const name = [test.file, ...test.around, test.title].join(BETWEEN);
    byName.set(name, [...(byName.get(name) ?? []), test]);
  }
  const faults = [];
  const byId = new Map();
  for (const { id, answer, tests: names } of groups.flatMap(({ features }) => features)) {
    if (answer === 'no') continue;
    if (names.length === 0) faults.push(`${id} is a yes without a test`);
    for (const name of names)
      if (!byName.has(name)) faults.push(`${id} names a test that is not there: ${name}`);
    byId.set(
      id,
      names.flatMap((name) => byName.get(name) ?? []),
    );
  }
  return { byId, faults };
}

/**
 * Whether a test of a run is the one of the source: what a table puts into a title (`%s`, `$name`, `…`) may be anything.
 *
 * @param {import('./rules.d.mts').Named} written
 * @param {import('./rules.d.mts').Named} ran
 */
export function isRunOf(written, ran) {
  if (written.file !== ran.file || written.around.length !== ran.around.length) return false;
  const titles = written.around.every((title, at) => shapeOf(title).test(ran.around[at]));
  return titles && shapeOf(written.title).test(ran.title);
}

function shapeOf(title) {
  const fixed = title
    .split(/%[a-zA-Z#]|\$[\w.]+|…/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${fixed.join('[^]*')}$`);
}
