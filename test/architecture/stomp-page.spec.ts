import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { filesBelow, nodesOf, textOf, treeOf } from './sources.js';

const FOLDER = 'src/subprotocols/stomp';
/** How headers are read, by the names of the methods and functions that are given their names. */
const READERS = new Set(['get', 'header', 'milliseconds', 'named', 'number', 'text', 'truth']);
const NAME = /^[A-Za-z][\w.-]+$/;
/** How headers of ours are written: the name with its colon. */
const OWN = /^([a-z][a-z-]+):$/;

const page = textOf('docs/stomp.md');
const sources = filesBelow(FOLDER, '.ts').filter((file) => !file.endsWith('.spec.ts'));
const nodes = sources.flatMap((file) => Array.from(nodesOf(treeOf(file))));

/** The names of headers that the sources read. */
function namesRead(): string[] {
  const calls = nodes.filter((node) => ts.isCallExpression(node));
  return calls.flatMap(({ expression, arguments: given }) => {
    const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
    if (!ts.isIdentifier(name) || !READERS.has(name.text)) return [];
    return given.filter((one) => ts.isStringLiteral(one)).map(({ text }) => text);
  });
}

/** The names of headers that the sources write. */
function namesWritten(): string[] {
  const literals = nodes.filter((node) => ts.isStringLiteral(node));
  return literals.flatMap(({ text }) => OWN.exec(text)?.[1] ?? []);
}

describe('docs/stomp.md', () => {
  it('has every header that a client may send', () => {
    const read = [...new Set(namesRead())].filter((name) => NAME.test(name));
    expect(read.length).toBeGreaterThan(40);
    expect(read.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every header that the server says', () => {
    const written = [...new Set(namesWritten())];
    expect(written.length).toBeGreaterThan(10);
    expect(written.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
  });

  it('shows frames that are frames', () => {
    const fenced = [...page.matchAll(/^```(.*)\n([^]*?)^```$/gm)];
    const blocks = fenced.filter(([, language]) => language === '').map(([, , text]) => text!);
    expect(blocks.length).toBeGreaterThan(10);
    for (const block of blocks) {
      const frame = /^([A-Z]+)\n((?:[\w.-]+:.*\n)*)\n([^]*)\^@\n$/.exec(block);
      expect([block, frame?.[1]]).toEqual([block, expect.stringMatching(/^[A-Z]+$/)]);
      const length = /^content-length:(\d+)$/m.exec(frame![2]!);
      if (length !== null) expect(Buffer.byteLength(frame![3]!)).toBe(Number(length[1]));
    }
  });
});
