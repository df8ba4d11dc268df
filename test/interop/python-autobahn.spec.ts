import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rowsOf } from './features/expectations.js';
import { runPython } from './python.js';
import type { Reached, Way } from './transports.js';
import { reach } from './transports.js';

/** What the program saw: scenario → sight, and what it complained of. */
interface Report {
  readonly saw: Readonly<Record<string, unknown>>;
  readonly complaints: string;
}

async function run({ url, ca }: Reached, serializer: string): Promise<Report> {
  const args = [url, serializer, ...(ca === undefined ? [] : [ca])];
  const { stdout, stderr } = await runPython('wamp_features.py', args);
  return { saw: JSON.parse(stdout) as Report['saw'], complaints: stderr };
}

/** Way → the serializers that Debian's autobahn speaks there. */
const SPOKEN: readonly (readonly [Way, readonly string[]])[] = [
  ['WebSocket', ['json', 'msgpack', 'cbor', 'json.batched', 'msgpack.batched', 'cbor.batched']],
  ['WebSocket with TLS', ['cbor']],
  ['RawSocket over TCP', ['json', 'msgpack', 'cbor']],
  ['RawSocket over TLS', ['json']],
  ['RawSocket over a Unix socket', ['msgpack']],
];

describe.each(SPOKEN)('Debian’s autobahn over %s', (way, serializers) => {
  describe.each(serializers)('in %s', (serializer) => {
    let reached: Reached;
    let report: Report;

    beforeAll(async () => {
      reached = await reach(way);
      report = await run(reached, serializer);
    }, 70_000);

    afterAll(() => reached.stop());

    it.each(rowsOf('python'))('has: %s', (name, expected) => {
      expect(report.saw[name]).toEqual(expected);
    });

    it('has nothing else, and nothing to complain of', () => {
      const names = rowsOf('python').map(([name]) => name);
      expect(Object.keys(report.saw).sort()).toEqual([...names].sort());
      expect(report.complaints).toBe('');
    });
  });
});
