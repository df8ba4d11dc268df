import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The top of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Files below a folder of the repository whose names end so, as paths from its top, sorted. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** The text of a file of the repository. */
export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** path → syntax tree */
const parsed = new Map<string, ts.SourceFile>();

/** The syntax tree of a file of the repository. */
export function treeOf(file: string): ts.SourceFile {
  const tree = parsed.get(file) ?? ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  parsed.set(file, tree);
  return tree;
}

/** Every node of a tree, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    const children: ts.Node[] = [];
    ts.forEachChild(next, (child) => void children.push(child));
    waiting.push(...children.reverse());
  }
}

/** A place for people: path and line. */
export function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

/** One name that a module exports, and where it is declared. */
export interface Exported {
  readonly name: string;
  /** Declarations of that name, in the file where it is declared. More than one for overloads and type-and-value pairs. */
  readonly declarations: readonly ts.Node[];
}

/** What a module exports, through as many re-exports as there are. */
export function exportsOf(file: string): Exported[] {
  const found: Exported[] = [];
  for (const statement of treeOf(file).statements) {
    if (ts.isExportDeclaration(statement)) found.push(...reexported(file, statement));
    else if (isExported(statement))
      found.push(...declaredNames(statement).map((name) => ({ name, declarations: [statement] })));
  }
  const byName = new Map<string, ts.Node[]>();
  for (const { name, declarations } of found)
    byName.set(name, [...(byName.get(name) ?? []), ...declarations]);
  return [...byName].map(([name, declarations]) => ({ name, declarations }));
}

function reexported(file: string, statement: ts.ExportDeclaration): Exported[] {
  const { moduleSpecifier, exportClause } = statement;
  const from = moduleSpecifier === undefined ? file : besides(file, moduleSpecifier);
  const all = moduleSpecifier === undefined ? localsOf(file) : exportsOf(from);
  if (exportClause === undefined) return all;
  if (!ts.isNamedExports(exportClause)) throw new Error(`${placeOf(statement)}: a namespace is exported`);
  return exportClause.elements.map((element) => {
    const original = (element.propertyName ?? element.name).text;
    const match = all.find(({ name }) => name === original);
    if (match === undefined) throw new Error(`${placeOf(element)}: ${from} exports no ${original}`);
    return { name: element.name.text, declarations: match.declarations };
  });
}

/** What a file declares or imports by name, and may so export with a list. */
function localsOf(file: string): Exported[] {
  return treeOf(file).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement))
      return declaredNames(statement).map((name) => ({ name, declarations: [statement] }));
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
    if (!isRelative(statement.moduleSpecifier)) return [];
    const all = exportsOf(besides(file, statement.moduleSpecifier));
    return bindings.elements.flatMap(({ name, propertyName }) => {
      const match = all.find((exported) => exported.name === (propertyName ?? name).text);
      return match === undefined ? [] : [{ name: name.text, declarations: match.declarations }];
    });
  });
}

function isRelative(specifier: ts.Expression): specifier is ts.StringLiteral {
  return ts.isStringLiteral(specifier) && specifier.text.startsWith('.');
}

/** The file that a relative import of a file names. */
function besides(file: string, specifier: ts.Expression): string {
  if (!isRelative(specifier)) throw new Error(`${placeOf(specifier)}: only files of ours are exported`);
  return join(dirname(file), specifier.text.replace(/\.js$/, '.ts'));
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  )
    return statement.name === undefined ? [] : [statement.name.text];
  return [];
}
