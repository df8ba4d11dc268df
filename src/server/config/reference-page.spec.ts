import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { renderReferencePage } from './index.js';

describe('docs/configuration.md', () => {
  it('is what the schema says (node dist/main.js config-docs > docs/configuration.md)', () => {
    const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    expect(page).toBe(renderReferencePage());
  });

  it('describes every key, and has a default for every value that needs one', () => {
    const rows = renderReferencePage()
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| key') && !line.startsWith('| ---'));
    expect(rows.length).toBeGreaterThan(25);
    for (const row of rows) {
      const [, name, allowed, , meaning] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
      expect([name, allowed, meaning]).not.toContain('');
    }
  });
});
