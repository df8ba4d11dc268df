import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { textOf } from './sources.js';

describe('the commands that the pages name', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const folder = (name: string): string[] =>
    readdirSync(new URL(`../../${name}`, import.meta.url))
      .filter((file) => file.endsWith('.md'))
      .map((file) => `${name}/${file}`);
  it.each(['README.md', 'CHANGELOG.md', 'bench/README.md', 'examples/orders/README.md', ...folder('docs')])(
    'are scripts of the package (%s)',
    (page) => {
      const named = [...textOf(page).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name!);
      expect(named.filter((name) => !(name in scripts))).toEqual([]);
    },
  );
});
