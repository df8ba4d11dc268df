import { describe, expect, it } from '@jest/globals';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { filesBelow, nodesOf, treeOf } from './sources.js';

/** Where the names and numbers are that go over the wire. */
const WIRE =
  /^src\/(?:subprotocols\/(?:index|error-uris|(?:stomp|wamp)\/(?:codec\/|errors))|transport\/close-codes)/;
const CONSTANT = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;

describe('tests of what goes over the wire', () => {
  it('spell names and numbers out: a wrong constant of ours would make both sides agree on it', () => {
    const specs = [
      ...filesBelow('src/subprotocols', '.spec.ts'),
      ...filesBelow('src/transport', '.spec.ts'),
      ...filesBelow('src/router', '.spec.ts'),
      ...filesBelow('test/e2e', '.ts'),
      ...filesBelow('test/interop', '.ts'),
      ...filesBelow('test/support', '.ts'),
    ];
    expect(specs.length).toBeGreaterThan(5);
    expect(specs.flatMap(borrowed)).toEqual([]);
  });
});

/** Constants of the wire that a file imports. */
function borrowed(file: string): string[] {
  return [...nodesOf(treeOf(file))].filter(ts.isImportDeclaration).flatMap((statement) => {
    const specifier = statement.moduleSpecifier;
    const bindings = statement.importClause?.namedBindings;
    if (!ts.isStringLiteral(specifier) || bindings === undefined || !ts.isNamedImports(bindings)) return [];
    if (!WIRE.test(join(dirname(file), specifier.text))) return [];
    // The spec of a table itself, which writes the whole of it out.
    if (specifier.text === `./${basename(file, '.spec.ts')}.js`) return [];
    return bindings.elements
      .map(({ name, propertyName }) => (propertyName ?? name).text)
      .filter((name) => CONSTANT.test(name) && !name.startsWith('DEFAULT_'))
      .map((name) => `${file}: ${name}`);
  });
}
