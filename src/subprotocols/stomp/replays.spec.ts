import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients, settled } from '../../../test/support/stomp-client.js';
import type { HistoryPage, HistoryQuery, HistoryStore } from '../../broker/index.js';
import { MemoryHistoryStore } from '../../engines/memory/memory-history-store.js';
import { MemoryRetainedStore } from '../../engines/memory/memory-retained-store.js';

const peers = new StompClients();

const HISTORY = [{ match: 'h.#', entries: 5 }];

beforeEach(() => {
  peers.given({
    stores: { retained: new MemoryRetainedStore(), history: new MemoryHistoryStore() },
    history: HISTORY,
  });
});

afterEach(() => peers.end());

const header = (frame: string | undefined, name: string): string | undefined =>
  frame
    ?.split('\n\n')[0]
    ?.split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
const bodies = (frames: readonly string[]): string[] =>
  frames
    .filter((frame) => frame.startsWith('MESSAGE\n'))
    .map((frame) => frame.slice(frame.indexOf('\n\n') + 2, -1));
const recovered = (frames: readonly string[]): (string | undefined)[] =>
  frames.map((frame) => header(frame, 'recovered'));

/** Sends bodies to a topic; returns the ids of their publications, as a subscriber without a history sees them. */
function sent(topic: string, ...all: readonly string[]): string[] {
  const c = peers.connect().say(`SUBSCRIBE\nid:0\ndestination:/topic/${topic}\n\n\0`);
  for (const body of all) c.say(`SEND\ndestination:/topic/${topic}\n\n${body}\0`);
  const ids = c.heard().map((frame) => header(frame, 'message-id')?.split('-')[0] ?? '');
  c.close();
  return ids;
}

function subscribed(topic: string, ...lines: readonly string[]): StompClient {
  const headers = lines.map((line) => `${line}\n`).join('');
  return peers.connect().say(`SUBSCRIBE\nid:0\ndestination:/topic/${topic}\nreceipt:r\n${headers}\n\0`);
}

describe('retain and get-retained', () => {
  it('the last message is kept, and shown to those who subscribe later and ask', () => {
    peers
      .connect()
      .say(
        'SEND\ndestination:/topic/a\nretain:true\nk:v\n\nold\0',
        'SEND\ndestination:/topic/a\nretain:true\nk:v\n\nkept\0',
        'SEND\ndestination:/topic/a\n\nlive only\0',
      );
    expect(subscribed('a', 'get-retained:true').heard()).toEqual([
      'RECEIPT\nreceipt-id:r\n\n\0',
      expect.stringMatching(
        /^MESSAGE\nsubscription:0\nmessage-id:\d+-\d+\ndestination:\/topic\/a\nretained:true\nk:v\ncontent-length:4\n\nkept\0$/,
      ),
    ]);
    expect(bodies(subscribed('a').heard())).toEqual([]);
    expect(bodies(subscribed('a', 'get-retained:false').heard())).toEqual([]);
  });

  it('what is live is not retained', () => {
    const c = subscribed('a', 'get-retained:true');
    c.say('SEND\ndestination:/topic/a\nretain:true\n\nx\0');
    const [, message] = c.heard();
    expect(message).toMatch(/\n\nx\0$/);
    expect(header(message, 'retained')).toBeUndefined();
  });

  it('an empty body clears what is kept', () => {
    const c = peers.connect();
    c.say('SEND\ndestination:/topic/a\nretain:true\n\nx\0', 'SEND\ndestination:/topic/a\nretain:true\n\n\0');
    expect(bodies(subscribed('a', 'get-retained:true').heard())).toEqual([]);
  });

  it('a pattern gets what is kept of every topic that it matches', () => {
    peers
      .connect()
      .say(
        'SEND\ndestination:/topic/a.1\nretain:true\n\n1\0',
        'SEND\ndestination:/topic/a.2\nretain:true\n\n2\0',
        'SEND\ndestination:/topic/b.1\nretain:true\n\n3\0',
      );
    expect(bodies(subscribed('a.*', 'get-retained:true').heard())).toEqual(['1', '2']);
  });

  it('is understood as activemq.retroactive, but not in the strict profile', () => {
    peers.connect().say('SEND\ndestination:/topic/a\nretain:true\n\nx\0');
    expect(bodies(subscribed('a', 'activemq.retroactive:true').heard())).toEqual(['x']);
    const strict = peers.connect('1.2', { profile: 'strict' });
    strict.say('SUBSCRIBE\nid:0\ndestination:/topic/a\nactivemq.retroactive:true\n\n\0');
    expect(strict.heard()).toEqual([]);
  });

  it('goes through the selector, and keeps its acknowledgement', () => {
    peers
      .connect()
      .say(
        'SEND\ndestination:/topic/a.1\nretain:true\nk:1\n\n1\0',
        'SEND\ndestination:/topic/a.2\nretain:true\nk:2\n\n2\0',
      );
    const frames = subscribed('a.*', 'get-retained:true', 'selector:k = 2', 'ack:client').heard();
    expect(bodies(frames)).toEqual(['2']);
    expect(header(frames[1], 'ack')).toBe(header(frames[1], 'message-id'));
  });

  it('X7: is shown to those only who might have had it live', () => {
    peers.connect().say('SEND\ndestination:/topic/a\nretain:true\neligible-authrole:boss\n\nsecret\0');
    expect(bodies(subscribed('a', 'get-retained:true').heard())).toEqual([]);
  });

  it('STOMP-60: retain, retained and recovered of a sender are not passed on', () => {
    const c = subscribed('a');
    c.say('SEND\ndestination:/topic/a\nretain:false\nretained:true\nrecovered:true\nz:1\n\nx\0');
    expect(c.heard()[1]).toMatch(/\ndestination:\/topic\/a\nz:1\ncontent-length:1\n/);
  });

  it.each(['get-retained:yes', 'get-retained:', 'activemq.retroactive:1'])(
    'S26: %s is an ERROR that names the header',
    (line) => {
      const [name = ''] = line.split(':');
      expect(subscribed('a', line).heard()[0]).toContain(`The header ${name} is true or false`);
    },
  );

  it('S26: retain with another value is an ERROR that names the header', () => {
    const c = peers.connect().say('SEND\ndestination:/topic/a\nretain:yes\nreceipt:r\n\nx\0');
    expect(c.heard()[0]).toMatch(
      /^ERROR\nmessage:invalid header\n[^]*receipt-id:r\n[^]*The header retain is/,
    );
  });
});

describe('history', () => {
  it('replays the last ones, before what is live', () => {
    sent('h.a', '1', '2', '3');
    const c = subscribed('h.a', 'history:2');
    sent('h.a', '4');
    expect(bodies(c.heard())).toEqual(['2', '3', '4']);
  });

  it('since replays all that came after a publication', () => {
    const [first] = sent('h.a', '1', '2', '3');
    expect(bodies(subscribed('h.a', `since:${first}`).heard())).toEqual(['2', '3']);
  });

  it('since takes a whole message-id as well', () => {
    const [, second] = sent('h.a', '1', '2', '3');
    expect(bodies(subscribed('h.a', `since:${second}-17`).heard())).toEqual(['3']);
    expect(bodies(subscribed('h.a', `since:${second}-1001-1`).heard())).toEqual(['3']);
  });

  it('says recovered:true on the RECEIPT and on the first MESSAGE, and on no other', () => {
    const [first] = sent('h.a', '1', '2', '3');
    expect(recovered(subscribed('h.a', `since:${first}`).heard())).toEqual(['true', 'true', undefined]);
  });

  it('says it on the first live MESSAGE if nothing was missed', () => {
    const [first] = sent('h.a', '1');
    const [c, other] = [subscribed('h.a', `since:${first}`), subscribed('h.a')];
    sent('h.a', '2', '3');
    expect(recovered(c.heard())).toEqual(['true', 'true', undefined]);
    expect(recovered(other.heard())).toEqual([undefined, undefined, undefined]);
  });

  it('says recovered:false if more was forgotten, and replays what is kept', () => {
    const [first] = sent('h.a', '1', '2', '3', '4', '5', '6', '7', '8');
    const frames = subscribed('h.a', `since:${first}`).heard();
    expect(bodies(frames)).toEqual(['4', '5', '6', '7', '8']);
    expect(recovered(frames)).toEqual(['false', 'false', undefined, undefined, undefined, undefined]);
  });

  it('says recovered:false of a publication that is not known', () => {
    sent('h.a', '1', '2');
    const frames = subscribed('h.a', 'since:999999').heard();
    expect(bodies(frames)).toEqual(['1', '2']);
    expect(recovered(frames)).toEqual(['false', 'false', undefined]);
  });

  it('says recovered:false of a topic that has no history', () => {
    const c = subscribed('a', 'since:1');
    sent('a', '1', '2');
    expect(recovered(c.heard())).toEqual(['false', 'false', undefined]);
  });

  it('tells it with every way to acknowledge, without a subscription id too', () => {
    const [first] = sent('h.a', '1', '2', '3');
    for (const ack of ['auto', 'client', 'client-individual']) {
      const frames = subscribed('h.a', `since:${first}`, `ack:${ack}`).heard();
      expect(recovered(frames)).toEqual(['true', 'true', undefined]);
      expect(bodies(frames)).toEqual(['2', '3']);
    }
    const old = peers.connect('1.0').say(`SUBSCRIBE\ndestination:/topic/h.a\nsince:${first}\n\n\0`);
    expect(recovered(old.heard())).toEqual(['true', undefined]);
  });

  it('X10: shares the rest of the frame with everybody else', () => {
    const [first] = sent('h.a', '1');
    const [c, other] = [subscribed('h.a', `since:${first}`), subscribed('h.a')];
    for (const client of [c, other]) client.heard();
    sent('h.a', '2');
    const [mine, theirs] = [c.link, other.link].map((link) => link.sent[0]);
    expect(mine?.parts.at(-1)?.buffer).toBe(theirs?.parts.at(-1)?.buffer);
  });

  it('acknowledges what was replayed', () => {
    const [first] = sent('h.a', '1', '2');
    const c = subscribed('h.a', `since:${first}`, 'ack:client');
    const id = header(c.heard()[1], 'ack');
    c.say(`ACK\nid:${id}\nreceipt:a\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:a\n\n\0']);
  });

  it.each([
    'history:0',
    'history:-1',
    'history:1.5',
    'history:all',
    'history:1000001',
    'history:',
    'since:',
    'since:0',
    'since:-5',
    'since:abc',
    'since:1e3',
    'since:9007199254740993',
    'since:99999999999999999',
    'since:5x',
  ])('S26: %s is an ERROR that names the header', (line) => {
    const [name = ''] = line.split(':');
    const [error] = subscribed('h.a', line).heard();
    expect(error).toMatch(/^ERROR\nmessage:invalid header\n/);
    expect(error).toContain(`The header ${name} is `);
  });

  it('S26: history beside since is an ERROR', () => {
    expect(subscribed('h.a', 'history:1', 'since:1').heard()[0]).toContain('history does not go with since');
  });

  it.each(['history:1', 'since:1', 'get-retained:true'])(
    '%s is refused where there is only a queue',
    (line) => {
      const c = peers.connect().say(`SUBSCRIBE\nid:0\ndestination:/queue/a\n${line}\n\n\0`);
      expect(c.heard()[0]).toContain('is for topics, without a durable subscription');
      expect(subscribed('h.a', 'durable:true', line).heard()[0]).toContain(
        'is for topics, without a durable',
      );
    },
  );
});

describe('a replay that takes its time', () => {
  /** A store that answers when it is told to. */
  class SlowHistory implements HistoryStore {
    readonly durable = false;
    readonly #kept = new MemoryHistoryStore();
    answer: () => void = () => {};

    read(realm: string, query: HistoryQuery): Promise<HistoryPage> {
      const page = this.#kept.read(realm, query);
      return new Promise((resolve) => {
        this.answer = () => resolve(page);
      });
    }

    append(...event: Parameters<HistoryStore['append']>): ReturnType<HistoryStore['append']> {
      return this.#kept.append(...event);
    }
  }

  it('STOMP-38: holds what is live back until it is over, and the RECEIPT comes first', async () => {
    const history = new SlowHistory();
    peers.given({ stores: { history }, history: HISTORY });
    sent('h.a', '1', '2');
    const c = subscribed('h.a', 'history:2');
    sent('h.a', '3');
    expect(c.heard()).toEqual([]);
    history.answer();
    await settled();
    const frames = c.heard();
    expect(frames[0]).toBe('RECEIPT\nreceipt-id:r\nrecovered:true\n\n\0');
    expect(bodies(frames)).toEqual(['1', '2', '3']);
  });

  it('ends with an UNSUBSCRIBE that comes while it is awaited', async () => {
    const history = new SlowHistory();
    peers.given({ stores: { history }, history: HISTORY });
    sent('h.a', '1', '2');
    const c = subscribed('h.a', 'history:2');
    c.say('UNSUBSCRIBE\nid:0\nreceipt:u\n\n\0');
    history.answer();
    await settled();
    sent('h.a', '3');
    const frames = c.heard();
    expect(frames.map((frame) => header(frame, 'receipt-id'))).toEqual(['r', 'u']);
    expect(peers.broker.stats.subscriptions).toBe(0);
  });
});
