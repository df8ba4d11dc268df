/**
 * Finds the titles of tests and the ids at their beginning. A title names what it proves by the words before its first
 * colon: `S5 STOMP-15: refuses a negative content-length`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** What looks like an id: `STOMP-15`, `WAMP-03`, `S5`. */
const ID = /^(?:[A-Z]{2,}-\d+|[A-Z]\d{1,3})$/;
const BLOCKS = new Set(['describe', 'it', 'test']);

/**
 * The ids of one title, known or not.
 *
 * @param {string} title
 * @returns {{ ids: string[]; fault: string | undefined }}
 */
export function idsOf(title) {
  const colon = title.indexOf(':');
  const words = (colon < 0 ? title : title.slice(0, colon)).trim().split(/[\s,]+/);
  if (!ID.test(words[0] ?? '')) return { ids: [], fault: undefined };
  if (colon < 0) return { ids: [], fault: 'begins with an id but has no colon after it' };
  const others = words.filter((word) => !ID.test(word));
  if (others.length > 0)
    return { ids: [], fault: `has words that are no ids before its colon: ${others.join(' ')}` };
  return { ids: words, fault: undefined };
}

/**
 * All spec files below the given folders of a root, as paths relative to it, sorted.
 *
 * @param {string} root
 * @param {readonly string[]} folders
 * @returns {string[]}
 */
export function specFiles(root, folders = ['src', 'test']) {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.spec.ts'))
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    )
    .sort();
}

/**
 * The titles of one spec, read from its syntax tree: each test with those of the blocks around it, outermost first. An
 * expression in a template counts as `…`.
 *
 * @param {string} file the name to report
 * @param {string} text the source
 * @returns {import('./titles.d.mts').Test[]}
 */
export function testsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {import('./titles.d.mts').Test[]} */
  const tests = [];
  const visit = (node, around) => {
    const block = ts.isCallExpression(node) ? blockOf(node) : undefined;
    if (block === undefined) {
      ts.forEachChild(node, (child) => visit(child, around));
      return;
    }
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (block.kind === 'describe') {
      const inside = [...around, block.title];
      for (const argument of node.arguments.slice(1)) visit(argument, inside);
    } else {
      tests.push({ file, line, title: block.title, around });
    }
  };
  visit(source, []);
  return tests;
}

/**
 * The titles of all specs of a root.
 *
 * @param {string} root
 */
export function scanTests(root) {
  return specFiles(root).flatMap((file) => testsOf(file, readFileSync(join(root, file), 'utf8')));
}

/** `it('…')`, `it.each(table)('…')`, `describe.each`…`('…')`: its kind and title. */
function blockOf(call) {
  const [first] = call.arguments;
  const title = first === undefined ? undefined : titleOf(first);
  if (title === undefined) return undefined;
  let callee = call.expression;
  for (;;) {
    if (ts.isIdentifier(callee)) {
      if (!BLOCKS.has(callee.text)) return undefined;
      return { kind: callee.text === 'describe' ? 'describe' : 'test', title };
    }
    if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) callee = callee.expression;
    else if (ts.isTaggedTemplateExpression(callee)) callee = callee.tag;
    else return undefined;
  }
}

function titleOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('');
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const left = titleOf(node.left);
    return left === undefined ? undefined : left + (titleOf(node.right) ?? '…');
  }
  return undefined;
}
