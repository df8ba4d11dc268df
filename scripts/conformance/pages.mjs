/** Writes `docs/conformance.md`, `docs/security.md` and `docs/stomp.md` from the lists and the titles of the tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the groups of `docs/security.json` are about, by the first letter of their ids. */
const GROUPS = {
  H: 'Handshake',
  W: 'WebSocket',
  S: 'STOMP',
  P: 'WAMP',
  C: 'Serializers',
  X: 'Between the protocols',
  B: 'Broker',
  A: 'Authentication and authorization',
  D: 'Store',
  O: 'Operation',
};
const MARK = '<!-- table -->';

/**
 * The generated pages: path from the root → text.
 *
 * @param {string} root
 * @param {readonly import('./rules.d.mts').RuleList[]} lists
 * @param {import('./rules.d.mts').Proofs<import('./titles.d.mts').Test>} proofs
 * @param {readonly import('./features.d.mts').FeatureGroup[]} groups
 * @param {import('./features.d.mts').FeatureProofs<import('./titles.d.mts').Test>} found
 * @returns {Map<string, string>}
 */
export function pages(root, lists, { byId }, groups, found) {
  const rulesOf = (name) => lists.find((list) => list.name === name).rules;
  const template = (file) => readFileSync(join(root, file), 'utf8');
  const conformance = [
    '## STOMP',
    table(
      ['Id', 'Rule', 'Clause', 'Tests'],
      rulesOf('stomp'),
      ({ id, rule, clause }) => [id, rule, clause],
      byId,
    ),
    '## WAMP',
    table(
      ['Id', 'Rule', 'Clause', 'Tests'],
      rulesOf('wamp'),
      ({ id, rule, clause }) => [id, rule, clause],
      byId,
    ),
  ];
  const security = Object.entries(GROUPS).flatMap(([letter, title]) => [
    `### ${title}`,
    table(
      ['Id', 'Threat', 'Behaviour', 'Tests'],
      rulesOf('security').filter(({ id }) => id.startsWith(letter)),
      ({ id, threat, behaviour }) => [id, threat, behaviour],
      byId,
    ),
  ]);
  const features = groups.flatMap(({ title, features }) => [`### ${title}`, featureTable(features, found)]);
  return new Map([
    ['docs/conformance.md', fill(template('docs/templates/conformance.md'), conformance)],
    ['docs/security.md', fill(template('docs/templates/security.md'), security)],
    ['docs/stomp.md', fill(template('docs/templates/stomp.md'), features)],
  ]);
}

function fill(template, parts) {
  if (!template.includes(MARK)) throw new Error(`a template lacks the line ${MARK}`);
  return template.replace(MARK, () => parts.join('\n\n'));
}

function table(head, rules, cellsOf, byId) {
  const rows = rules.map((rule) => [...cellsOf(rule).map(cell), testsCell(byId.get(rule.id))]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function featureTable(features, { byId }) {
  const rows = features.map(({ id, feature, answer, note }) => [
    id,
    cell(feature),
    answer === 'yes' ? `*yes*${note === '' ? '' : `: ${cell(note)}`}` : `*no*: ${cell(note)}`,
    answer === 'yes' ? testsCell(byId.get(id)) : '',
  ]);
  const head = ['Id', 'Feature', 'Here', 'Tests'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The tests of one rule, by file. */
function testsCell(tests) {
  /** @type {Map<string, string[]>} */
  const byFile = new Map();
  for (const { file, title, around } of tests) {
    const names = byFile.get(file) ?? [];
    const name = cell([...around, title].join(' › '));
    if (!names.includes(name)) names.push(name);
    byFile.set(file, names);
  }
  return [...byFile].map(([file, names]) => `${names.join('<br>')}<br>_${file}_`).join('<br>') || 'none yet';
}

/** Text for a table cell: nothing in it is markup but code in back-ticks. */
function cell(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1 ? part : part.replace(/[\\*_<>[\]]/g, String.raw`\$&`),
    )
    .join('')
    .replaceAll('|', String.raw`\|`)
    .replace(/[\r\n]+/g, ' ');
}
