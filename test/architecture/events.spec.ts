import { describe, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import ts from 'typescript';
import { logInstrumentation } from '../../src/server/logging/index.js';
import { filesBelow, nodesOf, placeOf, textOf, treeOf } from './sources.js';

/** Methods of instrumentation, and those that pass a place on to one of them. */
const REPORTS: Readonly<Record<string, 'event' | 'count' | 'defect'>> = {
  event: 'event',
  count: 'count',
  defect: 'defect',
  failed: 'defect',
  attempt: 'defect',
};

/** Something that the source reports. */
interface Reported {
  readonly kind: 'event' | 'count' | 'defect';
  readonly name: string;
  /** Fields that are spelled out. */
  readonly fields: readonly string[];
  readonly place: string;
}

const sources = filesBelow('src', '.ts').filter((file) => !file.endsWith('.spec.ts'));
const reported = sources.flatMap((file) => Array.from(nodesOf(treeOf(file)))).flatMap(reportsOf);
const page = textOf('docs/events.md');
const [eventsPart, countersPart, defectsPart] = ['Events', 'Counters', 'Defects'].map(
  (title) => page.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!,
);
const eventRows = rowsOf(eventsPart!);

function reportsOf(node: ts.Node): Reported[] {
  if (!ts.isCallExpression(node)) return [];
  const [first, second] = node.arguments;
  const method = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
  const kind = ts.isIdentifier(method) ? REPORTS[method.text] : undefined;
  if (kind === undefined || first === undefined) return [];
  const fields = second === undefined || kind !== 'event' ? [] : fieldsOf(second);
  return namesOf(first).map((name) => ({ kind, name, fields, place: placeOf(node) }));
}

/** The names that an expression may stand for; none if it is passed on. */
function namesOf(node: ts.Expression): string[] {
  if (ts.isStringLiteral(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...namesOf(node.whenTrue), ...namesOf(node.whenFalse)];
  if (!ts.isTemplateExpression(node)) return [];
  const spans = node.templateSpans.map(({ expression, literal }) => {
    const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
    return `<${name.getText()}>${literal.text}`;
  });
  return [node.head.text + spans.join('')];
}

function fieldsOf(node: ts.Expression): string[] {
  if (!ts.isObjectLiteralExpression(node)) return [];
  return node.properties.flatMap(({ name }) => (name === undefined ? [] : [name.getText()]));
}

/** The names in code of the first cell of each row, the level, and those of the third cell. */
function rowsOf(
  part: string,
): { readonly names: string[]; readonly level: string; readonly fields: string[] }[] {
  const rows = part.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => {
    const [names = '', level = '', fields = ''] = row.slice(1).split('|');
    return { names: codesIn(names), level: level.trim(), fields: codesIn(fields) };
  });
}

function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

function told(kind: Reported['kind']): string[] {
  return [...new Set(reported.filter((one) => one.kind === kind).map(({ name }) => name))].sort();
}

describe('docs/events.md', () => {
  it.each([
    ['event', eventsPart!],
    ['count', countersPart!],
    ['defect', defectsPart!],
  ] as const)('has every %s that the source reports, and no other', (kind, part) => {
    const named = rowsOf(part).flatMap(({ names }) => names);
    expect(named.length).toBeGreaterThan(10);
    expect(named.toSorted()).toEqual(told(kind));
  });

  it('has the fields of each event', () => {
    const missing = reported
      .filter(({ kind }) => kind === 'event')
      .map(({ name, fields, place }) => {
        const known = eventRows.find(({ names }) => names.includes(name))?.fields ?? [];
        return [place, name, fields.filter((field) => !known.includes(field))] as const;
      });
    expect(missing.filter(([, , fields]) => fields.length > 0)).toEqual([]);
  });

  it('says which of them are warnings in the server’s log', () => {
    const levels = new Map<string, string>();
    const logger: LoggerService = {
      log: (name: string) => void levels.set(name, 'info'),
      warn: (name: string) => void levels.set(name, 'warn'),
      error() {},
    };
    const instrumentation = logInstrumentation(logger);
    const names = eventRows.flatMap((row) => row.names);
    for (const name of names) instrumentation.event(name, {});
    const said = eventRows.flatMap((row) => row.names.map((name) => [name, row.level]));
    expect(said).toEqual(names.map((name) => [name, levels.get(name)]));
  });
});
