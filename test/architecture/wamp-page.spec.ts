import { describe, expect, it } from '@jest/globals';
import { scanTests } from '../../scripts/conformance/titles.mjs';
import { FEATURE_NAMES, LENIENCIES } from '../../src/subprotocols/wamp/index.js';
import { HELLO, Peers } from '../support/wamp-peer.js';
import { ROOT, textOf } from './sources.js';
import { wampServices } from '../support/wamp-services.js';

const page = textOf('docs/wamp.md');

/** The rows of all tables whose first column has this head, as cells. */
function rowsUnder(head: string): string[][] {
  const found: string[][] = [];
  let isInside = false;
  for (const line of page.split('\n')) {
    const cells = line.startsWith('| ')
      ? line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim())
      : undefined;
    if (cells === undefined) isInside = false;
    else if (!isInside) isInside = cells[0] === head;
    else if (!/^-+$/.test(cells[0] ?? '')) found.push(cells);
  }
  return found;
}

/** Names in backquotes, of the first column. */
const namesIn = (rows: readonly string[][]): string[] =>
  rows.map((cells) => (cells[0] ?? '').replaceAll('`', '')).toSorted();

const features = rowsUnder('Feature');

describe('docs/wamp.md', () => {
  it('names a test in each row, which is there', () => {
    const there = new Set(
      scanTests(ROOT).map(({ file, around, title }) => [file, ...around, title].join(' › ')),
    );
    expect(features.length).toBeGreaterThan(70);
    expect(
      features.map((cells) => cells.at(-1)?.slice(1, -1)).filter((test) => !there.has(test ?? '')),
    ).toEqual([]);
  });

  it('says of each feature that can be announced that it is', () => {
    const said = features.map((cells) => cells[2] ?? '').join();
    expect(FEATURE_NAMES.filter((name) => !said.includes(`\`${name}\``))).toEqual([]);
  });

  it('announces nothing that can be switched off nowhere', () => {
    const services = wampServices({
      authorizer: { trustlevels: true, decide: () => ({ allow: true }) },
      history: [{ match: 'com.#' }],
    });
    const peers = new Peers(services);
    const [welcome = []] = peers.connect().send(HELLO).takeParsed();
    const { roles } = welcome[2] as { roles: Record<'broker' | 'dealer', { features: object }> };
    const announced = [...Object.keys(roles.broker.features), ...Object.keys(roles.dealer.features)];
    expect([...new Set(announced)].toSorted()).toEqual(FEATURE_NAMES.toSorted());
    peers.end();
  });

  it('says of each switch what it does', () => {
    expect(namesIn(rowsUnder('Switch'))).toEqual(FEATURE_NAMES.toSorted());
  });

  it('lists every leniency, and what it is in both profiles', () => {
    const rows = rowsUnder('Leniency');
    expect(namesIn(rows)).toEqual(Object.keys(LENIENCIES).toSorted());
    expect(rows.filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([]);
  });

  it('says what is not specified, and what becomes of it here', () => {
    const rows = rowsUnder('What');
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([]);
  });

  it('names the procedures and events of the meta API', () => {
    const named = new Set(page.match(/wamp\.(?:session|registration|subscription)\.[a-z_]+/g));
    for (const [prefix, names] of [
      ['wamp.session.', 'on_join count get kill kill_by_authid kill_by_authrole kill_all add_testament'],
      ['wamp.registration.', 'on_create list lookup get'],
      ['wamp.subscription.', 'on_create list lookup get get_events'],
    ] as const) {
      expect(names.split(' ').filter((name) => !named.has(prefix + name))).toEqual([]);
    }
  });
});
