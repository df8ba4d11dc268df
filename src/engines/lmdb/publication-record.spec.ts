import { describe, expect, it } from '@jest/globals';
import { Payload, Publication } from '../../broker/index.js';
import { ByteSink, ByteSource } from './bytes.js';
import { readPublication, writePublication } from './publication-record.js';

const principal = { authid: 'a', authrole: 'b', authmethod: 'c', authprovider: 'd' };

describe('the record of a publication', () => {
  it('X12: is not guessed at if it says what only a newer version knows', () => {
    const sink = new ByteSink();
    const origin = { protocol: 'wamp', session: 1, principal };
    writePublication(sink, new Publication(1, { topic: 'a', payload: Payload.empty }, undefined, origin, 1));
    const record = sink.take();
    expect(readPublication(new ByteSource(record)).topic).toBe('a');
    const newest = Buffer.from(record);
    newest.fill(0xff, 0, 4);
    expect(() => readPublication(new ByteSource(newest))).toThrow(
      'The record says more than this version knows.',
    );
  });
});
