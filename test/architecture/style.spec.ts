import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { exportsOf, filesBelow, nodesOf, placeOf, textOf, treeOf } from './sources.js';

const MAX_LINES = 420;
const SOURCES = filesBelow('src', '.ts');
const TESTS = [...SOURCES.filter((file) => file.endsWith('.spec.ts')), ...filesBelow('test', '.ts')];
const EVERYTHING = [...new Set([...SOURCES, ...TESTS])];

describe('the sources', () => {
  it(`have at most ${MAX_LINES} lines a file`, () => {
    const long = SOURCES.map((file) => [file, textOf(file).split('\n').length - 1] as const);
    expect(long.filter(([, lines]) => lines > MAX_LINES)).toEqual([]);
  });

  it('have no any', () => {
    expect(placesOf(EVERYTHING, ({ kind }) => kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  it('switch no check off', () => {
    const off = /(?:oxlint|eslint)-disable|@ts-(?:ignore|nocheck|expect-error)|\bTODO\b|\bFIXME\b/;
    const self = 'test/architecture/style.spec.ts';
    expect(EVERYTHING.filter((file) => file !== self && off.test(textOf(file)))).toEqual([]);
  });

  it('have names that say something', () => {
    const hollow = /(?:utils?|helpers?|managers?|impl)$/i;
    const files = SOURCES.flatMap((file) => file.replace(/(?:\.spec)?\.ts$/, '').split('/'));
    expect(files.filter((part) => hollow.test(part))).toEqual([]);
    const declared = placesOf(SOURCES, (node) => {
      const name = isTypeOrFunction(node) ? node.name?.text : undefined;
      return name !== undefined && hollow.test(name);
    });
    expect(declared).toEqual([]);
  });

  it('have a doc comment at every name that an index exports', () => {
    const bare = SOURCES.filter((file) => file.endsWith('/index.ts')).flatMap((file) =>
      exportsOf(file)
        .filter(({ declarations }) => !declarations.some(isDocumented))
        .map(({ name, declarations }) => `${name} (${placeOf(declarations[0]!)})`),
    );
    expect([...new Set(bare)]).toEqual([]);
  });
});

describe('the tests', () => {
  it('are all run: none is skipped, none alone, none to be written', () => {
    const words = new Set(['skip', 'only', 'todo', 'failing']);
    const aliases = new Set(['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe']);
    const skipped = placesOf(TESTS, (node) => {
      if (ts.isPropertyAccessExpression(node))
        return words.has(node.name.text) && /^(?:it|test|describe)\b/.test(node.expression.getText());
      return (
        ts.isCallExpression(node) && ts.isIdentifier(node.expression) && aliases.has(node.expression.text)
      );
    });
    expect(skipped).toEqual([]);
  });
});

function placesOf(files: readonly string[], matches: (node: ts.Node) => boolean): string[] {
  return files.flatMap((file) => [...nodesOf(treeOf(file))].filter(matches).map(placeOf));
}

function isTypeOrFunction(
  node: ts.Node,
): node is ts.ClassDeclaration | ts.FunctionDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration {
  return (
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

function isDocumented(node: ts.Node): boolean {
  return ts.getJSDocCommentsAndTags(node).some((comment) => ts.isJSDoc(comment));
}
