import { describe, expect, it } from '@jest/globals';
import { Peers, HELLO } from '../support/wamp-peer.js';
import { scanTests } from '../../scripts/conformance/titles.mjs';
import { testServices } from '../../src/testing/index.js';
import { ROOT, textOf } from './sources.js';

const page = textOf('docs/wamp.md');
/** The rows of the feature tables, as cells. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:Feature|-)/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

describe('docs/wamp.md', () => {
  it('names a test in each row, which is there', () => {
    const there = new Set(
      scanTests(ROOT).map(({ file, around, title }) => [file, ...around, title].join(' › ')),
    );
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.map((cells) => cells.at(-1)?.slice(1, -1)).filter((test) => !there.has(test ?? ''))).toEqual(
      [],
    );
  });

  it('says of each feature of the dealer that it is announced', () => {
    const peers = new Peers(testServices());
    const [welcome] = peers.connect().send(HELLO).takeParsed();
    const details = welcome?.[2] as { roles: { dealer: { features: object } } };
    const said = rows.map((cells) => cells[2] ?? '').join();
    const silent = Object.keys(details.roles.dealer.features).filter((name) => !said.includes(`\`${name}\``));
    expect(silent).toEqual([]);
    peers.end();
  });
});
