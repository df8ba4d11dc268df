/** What may be in the package, and what must be. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, posix } from 'node:path';

/** Everything that is published lies here. */
const ALLOWED = /^(?:dist|src|docs)\/|^(?:README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;
const UNWANTED =
  /(?:^|\/)(?:test|tests|bench|build|examples|node_modules|coverage)\/|[.-](?:spec|test)\.[^/]+$|\.tsbuildinfo$|\.log$|(?:^|\/)\./;
/** The size of the tarball above which somebody has to look at what has been added, in bytes. */
const MAX_BYTES = 2_500_000;

/**
 * Finds what is wrong with an unpacked tarball.
 *
 * @param {string} folder where it is unpacked.
 * @param {readonly string[]} files paths in it.
 * @param {number} bytes size of the tarball.
 * @returns {string[]} faults; empty if there are none.
 */
export function faultsOf(folder, files, bytes) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = (file) => readFileSync(join(folder, file), 'utf8');
  const known = new Set(files);
  return [
    ...files.filter((file) => !ALLOWED.test(file) || UNWANTED.test(file)).map((file) => `${file} is shipped`),
    ...targetsOf(manifest)
      .filter((file) => !known.has(file))
      .map((file) => `${file} is named in package.json and missing`),
    ...files.filter((file) => /\.[cm]?js$/.test(file)).flatMap((file) => mapFaults(file, text(file), known)),
    ...files.filter((file) => file.endsWith('.map')).flatMap((file) => sourceFaults(file, text(file), known)),
    ...files.flatMap((file) => machineFaults(file, text(file))),
    ...importFaults(manifest, text),
    ...(bytes > MAX_BYTES ? [`it has ${bytes} bytes; more than ${MAX_BYTES} need a look`] : []),
  ];
}

/** The files that package.json promises. */
function targetsOf({ exports, bin }) {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  return [...targets, ...Object.values(bin)].map((target) => posix.normalize(target));
}

function mapFaults(file, text, known) {
  const named = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(text)?.[1];
  if (named === undefined || named.startsWith('data:')) return [];
  const map = posix.join(posix.dirname(file), named);
  return known.has(map) ? [] : [`${file} names the source map ${map}, which is missing`];
}

/** A map leads to files that are shipped, or has their text inside. */
function sourceFaults(file, text, known) {
  const { sources, sourcesContent = [], sourceRoot = '' } = JSON.parse(text);
  return sources
    .filter((source, index) => {
      const path = posix.join(posix.dirname(file), sourceRoot, source);
      return typeof sourcesContent[index] !== 'string' && !known.has(path);
    })
    .map((source) => `${file} leads to ${source}, which is missing`);
}

function machineFaults(file, text) {
  const paths = [process.cwd(), homedir()].filter((path) => dirname(path) !== path);
  return paths.filter((path) => text.includes(`${path}/`)).map((path) => `${file} holds the path ${path}`);
}

/** Packages that somebody who imports an entry needs, but would not get. */
function importFaults(manifest, text) {
  const { dependencies, peerDependencies, peerDependenciesMeta = {} } = manifest;
  const always = new Set(Object.keys(dependencies));
  const byDefault = new Set([
    ...always,
    ...Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true),
  ]);
  const entries = [
    ['.', always],
    ['./subprotocol', always],
    ['./lmdb', always],
    ['./testing', always],
    ['./nest', byDefault],
  ].map(([name, allowed]) => [name, manifest.exports[name].default, allowed]);
  entries.push(['the command', 'dist/server/index.js', byDefault]);
  return entries.flatMap(([name, entry, allowed]) =>
    [...packagesOf(posix.normalize(entry), text)]
      .filter((imported) => !allowed.has(imported))
      .map(
        (imported) => `${name} imports ${imported}, which is not installed with the package for everybody`,
      ),
  );
}

/** The packages that a file imports statically, through as many files of ours as there are. */
function packagesOf(entry, text) {
  const files = new Set([entry]);
  const packages = new Set();
  for (const file of files) {
    for (const [, one, other] of text(file).matchAll(
      /^(?:import|export)\s(?:[^'";]*from\s*'([^']+)'|'([^']+)')/gm,
    )) {
      const target = one ?? other;
      if (target.startsWith('.')) files.add(posix.join(posix.dirname(file), target));
      else if (!target.startsWith('node:')) packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(target)[0]);
    }
  }
  return packages;
}

/**
 * The file list for people: one line a folder.
 *
 * @param {readonly { path: string, size: number }[]} files
 */
export function listOf(files) {
  const folders = new Map();
  for (const { path, size } of files) {
    const name = posix.dirname(path);
    const folder = folders.get(name) ?? { count: 0, bytes: 0, names: new Map() };
    folders.set(name, folder);
    folder.count += 1;
    folder.bytes += size;
    const [, stem, ending] = /^(.+?)((?:\.d\.ts|\.js\.map|\.[^.]+)?)$/.exec(posix.basename(path));
    folder.names.set(stem, [...(folder.names.get(stem) ?? []), ending]);
  }
  return [...folders]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { count, bytes, names }]) => {
      const shown = [...names].map(([stem, endings]) =>
        endings.length === 1 ? `${stem}${endings[0]}` : `${stem}{${endings.join(',')}}`,
      );
      return `${name}/  ${count} files, ${bytes} bytes: ${shown.join(' ')}`;
    });
}
