import { describe, expect, it } from '@jest/globals';
import { EXPECTED, UNABLE } from '../interop/features/expectations.js';
import type { RowName } from '../interop/features/expectations.js';
import { textOf } from './sources.js';

const MAKES = ['autobahn', 'wampy', 'python'] as const;

/** The cells of the rows of a section's table, without its head. */
function rowsOf(section: string): string[][] {
  const text = textOf('docs/clients.md').split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/clients.md', () => {
  it('has what each WAMP client was tested with, and why not', () => {
    const names = Object.keys(EXPECTED) as RowName[];
    const answer = (name: RowName, make: (typeof MAKES)[number]): string => UNABLE[name]?.[make] ?? 'yes';
    const expected = names.map((name) => [name as string].concat(MAKES.map((make) => answer(name, make))));
    expect(rowsOf('What the WAMP clients were tested with')).toEqual(expected);
  });
});
