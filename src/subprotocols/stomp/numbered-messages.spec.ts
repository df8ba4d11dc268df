import { afterEach, describe, expect, it } from '@jest/globals';
import { StompClients, settled } from '../../../test/support/stomp-client.js';
import { memoryStore } from '../../engines/memory/index.js';

const peers = new StompClients();

afterEach(() => peers.end());

const bodies = (frames: string[]): string[] =>
  frames.map((frame) => frame.slice(frame.indexOf('\n\n') + 2, -1));
const send = (body: string, extra: string, destination = '/queue/a'): string =>
  `SEND\ndestination:${destination}\n${extra}\n\n${body}\0`;
const numbered = (sequence: number, extra = ''): string =>
  send(`${sequence}`, `producer-id:till-7\nproducer-sequence:${sequence}${extra}`);
/** What a fresh client is given. */
const drained = (): string[] => peers.connect().say('SUBSCRIBE\nid:x\ndestination:/queue/a\n\n\0').heard();

describe('a SEND with producer-id and producer-sequence', () => {
  it('D14: is stored once however often it is sent, over connections too, and each gets its RECEIPT', () => {
    const first = peers.connect().say(numbered(1, '\nreceipt:a'), numbered(2, '\nreceipt:b'));
    first.say(numbered(2, '\nreceipt:c'));
    expect(first.heard()).toEqual(['a', 'b', 'c'].map((id) => `RECEIPT\nreceipt-id:${id}\n\n\0`));
    first.close();
    const again = peers.connect().say(numbered(2, '\nreceipt:d'), numbered(3, '\nreceipt:e'));
    expect(again.heard()).toEqual(['d', 'e'].map((id) => `RECEIPT\nreceipt-id:${id}\n\n\0`));
    expect(bodies(drained())).toEqual(['1', '2', '3']);
  });

  it('D14: is stored once over a restart', async () => {
    const stores = memoryStore();
    peers.given({ stores });
    peers.connect().say(numbered(0), numbered(1));
    peers.end();
    peers.given({ stores });
    const c = peers.connect().say(numbered(1, '\nreceipt:a'), numbered(2, '\nreceipt:b'));
    await settled();
    expect(c.heard()).toEqual(['a', 'b'].map((id) => `RECEIPT\nreceipt-id:${id}\n\n\0`));
    expect(bodies(drained())).toEqual(['0', '1', '2']);
  });

  it('D14: is stored once by a transaction that is sent again', () => {
    const c = peers.connect();
    for (const receipt of ['a', 'b']) {
      const sends = [1, 2].map((sequence) => numbered(sequence, '\ntransaction:t'));
      c.say('BEGIN\ntransaction:t\n\n\0', ...sends, `COMMIT\ntransaction:t\nreceipt:${receipt}\n\n\0`);
    }
    expect(c.heard()).toEqual(['a', 'b'].map((id) => `RECEIPT\nreceipt-id:${id}\n\n\0`));
    expect(bodies(drained())).toEqual(['1', '2']);
  });

  it('D14: of another producer-id is another message', () => {
    const one = send('1', 'producer-id:one\nproducer-sequence:1');
    peers.connect().say(one, send('2', 'producer-id:two\nproducer-sequence:1'), one);
    expect(bodies(drained())).toEqual(['1', '2']);
  });

  it('STOMP-60: has a consumer see neither', () => {
    peers.connect().say(numbered(9_007_199_254_740_991, '\ntrace:x'));
    expect(drained()).toEqual([
      'MESSAGE\nsubscription:x\nmessage-id:1002-1003-1\ndestination:/queue/a\ntrace:x\ncontent-length:16\n\n9007199254740991\0',
    ]);
  });

  it.each([
    ['producer-id without the other', 'producer-id:p', 'producer-id needs a producer-sequence.'],
    ['producer-sequence without the other', 'producer-sequence:1', 'producer-sequence needs a producer-id.'],
    ['an empty producer-id', 'producer-id:\nproducer-sequence:1', 'producer-id has 1 to 255 bytes.'],
    [
      'a producer-id of 256 bytes',
      `producer-id:${'é'.repeat(128)}\nproducer-sequence:1`,
      'producer-id has 1 to 255 bytes.',
    ],
    ...['', '-1', '1.5', '9007199254740992', 'one'].map((value) => [
      `producer-sequence:${value}`,
      `producer-id:p\nproducer-sequence:${value}`,
      'producer-sequence is a number from 0 to 9007199254740991, not ',
    ]),
  ])('S26: with %s is an ERROR that names the header, and stores nothing', (_what, headers, fault) => {
    const c = peers.connect().say(send('x', `${headers}\nreceipt:7`));
    const [error] = c.heard();
    expect(error).toMatch(/^ERROR\nmessage:invalid header\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(error).toContain(`The header ${fault}`);
    expect(drained()).toEqual([]);
  });

  it.each(['producer-id:p', 'producer-sequence:1'])(
    'to a topic, with %s, is an ERROR: nothing is stored there once',
    (headers) => {
      const listener = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
      const [error] = peers
        .connect()
        .say(send('x', headers, '/topic/a'))
        .heard();
      expect(error).toContain(`The header ${headers.split(':')[0]} is for queues only.`);
      expect(listener.heard()).toEqual([]);
    },
  );
});
