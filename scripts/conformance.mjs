#!/usr/bin/env node
/**
 * Rule → tests → result.
 *
 *     npm run conformance                          all lists; runs the tests first
 *     npm run conformance -- stomp                 one list: stomp, wamp, security or features
 *     npm run conformance -- --results run.json    reads the results of `jest --json` instead of running it
 *     npm run conformance -- --static              looks at the sources only: no test is run
 *     npm run conformance:write                    writes docs/conformance.md, docs/security.md and docs/stomp.md
 *
 * Exit code 1 if a rule, or a feature that is said to be there, has no test, a test failed or did not run, a title names an unknown id, or a page is not up to date.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isRunOf, proveFeatures, readFeatures } from './conformance/features.mjs';
import { pages } from './conformance/pages.mjs';
import { LISTS, prove, readRules } from './conformance/rules.mjs';
import { scanTests } from './conformance/titles.mjs';

const { values, positionals } = readArguments();
const root = values.root;
const names = [...LISTS.map(({ name }) => name), 'features'];
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such list: ${unknown.join(', ')}. There are ${names.join(', ')}.`);
  process.exit(2);
}

const lists = readRules(root);
const groups = readFeatures(root);
const tests = scanTests(root);
const proofs = prove(lists, tests);
const found = proveFeatures(groups, tests);
const problems = [...proofs.faults, ...found.faults];

for (const [file, text] of pages(root, lists, proofs, groups, found)) {
  if (values.write) writeFileSync(join(root, file), text);
  else if (read(join(root, file)) !== text)
    problems.push(`${file} is not up to date: npm run conformance:write`);
}

if (!values.write) {
  const isShown = (name) => positionals.length === 0 || positionals.includes(name);
  const shown = lists.filter(({ name }) => isShown(name));
  const results = values.static ? undefined : runTests(shown, isShown('features'));
  const ran = results === undefined ? undefined : prove(lists, results);
  // Ids that a table puts into titles are seen only when the tests run.
  problems.push(...(ran?.faults ?? []).filter((fault) => !problems.includes(fault)));
  for (const list of shown) report(list, ran);
  if (isShown('features')) reportFeatures(results);
}

for (const problem of problems) console.error(`✗ ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function readArguments() {
  const options = {
    write: { type: 'boolean', default: false },
    static: { type: 'boolean', default: false },
    results: { type: 'string' },
    root: { type: 'string', default: resolve(import.meta.dirname, '..') },
  };
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    console.error(
      `${error.message}\nUsage: conformance [stomp|wamp|security|features] [--results FILE] [--static] [--write]`,
    );
    process.exit(2);
  }
}

/** Prints one list and notes its holes. */
function report({ name, rules }, ran) {
  console.log(`\n${name}`);
  let proven = 0;
  for (const { id, rule, threat } of rules)
    if (reportOne(id, rule ?? threat, (ran ?? proofs).byId.get(id))) proven += 1;
  console.log(`${proven} of ${rules.length} ${ran === undefined ? 'have a test' : 'proven'}`);
}

/** Prints the features, those that are there with their tests. */
function reportFeatures(results) {
  console.log('\nfeatures');
  for (const { id, feature, answer, note } of groups.flatMap(({ features }) => features)) {
    const named = found.byId.get(id) ?? [];
    const ran = results === undefined ? named : named.flatMap((test) => runsOf(test, results));
    if (answer === 'yes') reportOne(id, feature, ran);
    else console.log(`– ${id}  ${feature}: ${note}`);
  }
}

function runsOf(test, results) {
  const runs = results.filter((result) => isRunOf(test, result));
  return runs.length > 0 ? runs : [{ ...test, status: 'did not run' }];
}

/** Prints a rule or a feature with its tests, and notes what is wrong; whether nothing is. */
function reportOne(id, what, tests) {
  const bad = tests.filter(({ status }) => status !== undefined && status !== 'passed');
  const good = tests.length > 0 && bad.length === 0;
  if (tests.length === 0) problems.push(`${id} has no test`);
  for (const { file, title, status } of bad) problems.push(`${id}: ${status}: ${file}: ${title}`);
  console.log(`${good ? '✓' : '✗'} ${id}  ${what}`);
  for (const { file, title, around, status } of tests)
    console.log(`    ${status ?? 'found'}  ${[...around, title].join(' › ')}  (${file})`);
  return good;
}

/** The tests of a run, with their results. */
function runTests(shown, withFeatures) {
  const file = values.results ?? jestResults(shown, withFeatures);
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  return testResults.flatMap(({ name, assertionResults, message }) => {
    const file = relative(root, name);
    if (assertionResults.length === 0) problems.push(`${file} did not run: ${message.split('\n')[0]}`);
    return assertionResults.map(({ title, ancestorTitles, status }) => ({
      file,
      title,
      around: ancestorTitles,
      status,
    }));
  });
}

/** Runs the specs that name an id of these lists, or that features name, and returns the path of the results. */
function jestResults(shown, withFeatures) {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const output = join(folder, 'results.json');
  const ids = shown.flatMap(({ rules }) => rules.map(({ id }) => id));
  const named = [...ids.map((id) => proofs.byId.get(id)), ...(withFeatures ? found.byId.values() : [])];
  const specs = [...new Set(named.flat().map(({ file }) => file))];
  const jest = ['--no-warnings', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
  const run = spawnSync(
    process.execPath,
    [...jest, '--json', `--outputFile=${output}`, '--silent', '--runTestsByPath', ...specs],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (run.error !== undefined) throw run.error;
  return output;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
