import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServices } from '../../testing/index.js';
import { testServices } from '../../testing/index.js';
import { StompClient } from '../../../test/support/stomp-client.js';

let services: TestServices;
let clients: StompClient[] = [];

beforeEach(() => {
  services = testServices();
});

afterEach(() => {
  for (const opened of clients) opened.close();
  clients = [];
  expect(services.brokers.get('realm1')?.stats.sessions).toBe(0);
  expect([services.timers.size, services.clock.pending]).toEqual([0, 0]);
});

function connected(heartBeat: string, version = '1.2', asBytes = false): StompClient {
  const c = new StompClient(services);
  clients.push(c);
  const frame = `CONNECT\naccept-version:${version}\nheart-beat:${heartBeat}\n\n\0`;
  return c.say(asBytes ? Buffer.from(frame) : frame);
}

const answerOf = (c: StompClient): string | undefined => /heart-beat:(.*)\n/.exec(c.heard()[0] ?? '')?.[1];

describe('heart-beats', () => {
  it.each([
    ['0,0', '0,0'],
    ['10000,0', '0,10000'],
    ['0,5000', '5000,0'],
    ['4000,5000', '5000,4000'],
  ])('STOMP-31 STOMP-34: the server follows the client: %s gets %s', (pair, answer) => {
    expect(answerOf(connected(pair))).toBe(answer);
  });

  it.each([
    ['1,1', '1000,1000'],
    ['500,20', '1000,1000'],
    ['1000000000,1000000000', '300000,300000'],
  ])('S13: %s is clamped to %s', (pair, answer) => {
    expect(answerOf(connected(pair))).toBe(answer);
  });

  it.each(['-1,0', '1', '1,2,3', 'a,b', '', '1.5,2', '1,-2', '99999999999,1', ' 1,1'])(
    'STOMP-31 S13: %j is an ERROR',
    (pair) => {
      const c = connected(pair);
      expect(c.heard()).toEqual([expect.stringContaining('ERROR\nmessage:invalid heart-beat\n')]);
      expect(c.link.closeReason?.kind).toBe('protocol_error');
    },
  );

  it('STOMP-31: sets no timer when nobody wants one', () => {
    connected('0,0');
    expect(services.timers.size).toBe(0);
  });

  it('STOMP-31: sends a line end before the agreed interval is over', () => {
    const c = connected('0,1000');
    c.heard();
    services.clock.advance(1000);
    expect(c.heard()).toEqual(['\n']);
    services.clock.advance(10_000);
    expect(c.heard().length).toBeGreaterThanOrEqual(10);
  });

  it('STOMP-65: sends binary heart-beats to a client that began with a binary message', () => {
    const c = connected('0,1000', '1.2', true);
    services.clock.advance(1000);
    expect(c.link.sent.map((frame) => frame.isBinary)).toEqual([true, true]);
    expect(c.heard()[1]).toBe('\n');
  });

  it('STOMP-32: anything sent counts, and no beat is sent beside it', () => {
    const c = connected('0,1000').say('SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0');
    c.heard();
    for (let i = 0; i < 10; i += 1) {
      services.clock.advance(500);
      c.say('SEND\ndestination:/topic/a\n\nx\0');
    }
    expect(c.heard().filter((frame) => frame === '\n')).toEqual([]);
  });

  it('STOMP-32: any octet received counts, part of a frame too', () => {
    const c = connected('1000,0').say('SEND\ndestination:/topic/a\n\n');
    for (let i = 0; i < 20; i += 1) {
      services.clock.advance(3500);
      c.say('x');
    }
    expect(c.link.closeReason).toBeUndefined();
  });

  it('STOMP-33: counts pongs, which the link sees and the session does not', () => {
    const c = connected('1000,0');
    for (let i = 0; i < 20; i += 1) {
      services.clock.advance(3500);
      c.link.lastReceived = services.clock.now();
    }
    expect(c.link.closeReason).toBeUndefined();
  });

  it('STOMP-33: gives a silent client twice its interval and two seconds', () => {
    const c = connected('1000,0');
    c.heard();
    services.clock.advance(3900);
    expect(c.link.closeReason).toBeUndefined();
    services.clock.advance(400);
    expect(c.heard()[0]).toContain('ERROR\nmessage:no heart-beat\n');
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it('STOMP-35: starts when CONNECTED is written', () => {
    const c = new StompClient(services);
    clients.push(c);
    c.say('CONNECT\naccept-version:1.2\nheart-beat:1000,1000\n');
    services.clock.advance(4900);
    c.say('\n\0');
    c.heard();
    services.clock.advance(700);
    expect(c.heard()).toEqual([]);
  });

  it('STOMP-36: 1.0 has none', () => {
    const c = connected('1000,1000', '1.0');
    expect(c.heard()[0]).not.toContain('heart-beat');
    expect(services.timers.size).toBe(0);
  });

  it('S13: any number of beating sessions shares one timer of the platform', () => {
    for (let i = 0; i < 1000; i += 1) connected('1000,1000');
    expect(services.clock.pending).toBe(1);
  });
});
