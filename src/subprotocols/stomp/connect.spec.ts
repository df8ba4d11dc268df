import { afterEach, describe, expect, it } from '@jest/globals';
import type { Authenticator, LoginAttempt, Verdict } from '../../broker/index.js';
import type { TestServices, TestServicesOptions } from '../../testing/index.js';
import { testServices } from '../../testing/index.js';
import { StompClient } from '../../../test/support/stomp-client.js';
import type { StompOptions } from './index.js';
import { stomp } from './index.js';

let services: TestServices;
let clients: StompClient[] = [];

function given(options: TestServicesOptions = {}): void {
  services = testServices(options);
}

function client(options: StompOptions = {}, token: string | undefined = 'v12.stomp'): StompClient {
  const opened = new StompClient(services, options, token);
  clients.push(opened);
  return opened;
}

afterEach(() => {
  for (const opened of clients) opened.close();
  clients = [];
  for (const broker of services.brokers.values()) {
    expect(Object.values(broker.stats).every((count) => count === 0)).toBe(true);
  }
  expect([services.timers.size, services.clock.pending]).toEqual([0, 0]);
});

const tick = async (): Promise<void> => {
  for (let i = 0; i < 8; i += 1) await Promise.resolve();
};

describe('CONNECT', () => {
  it('STOMP-29: answers with version, session, server and user-name', () => {
    given();
    const c = client().say('CONNECT\naccept-version:1.2\nhost:realm1\n\n\0');
    expect(c.heard()).toEqual([
      'CONNECTED\nversion:1.2\nsession:1001\nserver:mangrove/0.0.0\nuser-name:anonymous-1001\nheart-beat:0,0\n\n\0',
    ]);
    expect(c.link.isEstablished).toBe(true);
  });

  it.each([
    ['accept-version:1.0,1.1,1.2', 'v10.stomp', '1.2'],
    ['accept-version:1.1,1.0', 'v12.stomp', '1.1'],
    ['accept-version:1.2,9.9', undefined, '1.2'],
    ['accept-version:1.0', 'v11.stomp', '1.0'],
  ])(
    'STOMP-20: the version is what accept-version says, not the token: %s over %s',
    (header, token, version) => {
      given();
      const c = client({}, token).say(`CONNECT\n${header}\nhost:h\n\n\0`);
      expect(c.heard()[0]).toContain(`version:${version}\n`);
    },
  );

  it('STOMP-20: strict wants it to agree with the token', () => {
    given();
    const agreed = client({ profile: 'strict' }, 'v11.stomp').say(
      'CONNECT\naccept-version:1.0,1.1,1.2\nhost:realm1\n\n\0',
    );
    expect(agreed.heard()[0]).toContain('CONNECTED\nversion:1.1\n');
    const refused = client({ profile: 'strict' }, 'v12.stomp').say(
      'CONNECT\naccept-version:1.1\nhost:realm1\n\n\0',
    );
    expect(refused.heard()[0]).toContain('ERROR\nmessage:version not supported\n');
  });

  it('STOMP-20: knows its first message when no token was offered', () => {
    const recognises = (text: string): boolean | undefined => stomp().recognises?.(Buffer.from(text), false);
    expect(recognises('CONNECT\naccept-version:1.2\n\n\0')).toBe(true);
    expect(recognises('\r\n\nSTOMP\r\n')).toBe(true);
    expect(recognises('[1,"realm1",{}]')).toBe(false);
    expect(recognises('CONNECTED\n\n\0')).toBe(false);
    expect(recognises('connect\n\n\0')).toBe(false);
  });

  it('STOMP-21: passes over blanks in accept-version', () => {
    given();
    expect(client().say('CONNECT\naccept-version:1.1, 1.2\n\n\0').heard()[0]).toContain('version:1.2\n');
  });

  it('STOMP-22: without accept-version speaks 1.0, with its blanks before values', () => {
    const attempts: LoginAttempt[] = [];
    given({ authenticator: recording(attempts) });
    const c = client().say('CONNECT\nlogin: bob\npasscode: s\n\n\0');
    expect(c.heard()).toEqual([
      'CONNECTED\nversion:1.0\nsession:1001\nserver:mangrove/0.0.0\nuser-name:bob\n\n\0',
    ]);
    expect(attempts[0]).toMatchObject({ authid: 'bob', secret: 's', realm: 'realm1' });
  });

  it('STOMP-23: tells its versions if there is none in common, and closes', () => {
    given();
    const c = client().say('CONNECT\naccept-version:2.0\n\n\0');
    expect(c.heard()).toEqual([
      'ERROR\nmessage:version not supported\ncontent-type:text/plain\nversion:1.0,1.1,1.2\ncontent-length:35\n\nSupported versions are 1.0,1.1,1.2.\0',
    ]);
    expect(c.link.closeReason).toEqual({ kind: 'protocol_error', text: 'version not supported' });
  });

  it('STOMP-24: a missing or unknown host means the default realm', () => {
    given({ realms: ['realm1', 'other'] });
    client().say('CONNECT\naccept-version:1.2\n\n\0');
    client().say('CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0');
    client().say('CONNECT\naccept-version:1.2\nhost:other\n\n\0');
    expect(services.brokers.get('realm1')?.stats.sessions).toBe(2);
    expect(services.brokers.get('other')?.stats.sessions).toBe(1);
  });

  it.each(['', 'host:nowhere\n'])('STOMP-24: strict refuses %j', (host) => {
    given();
    const c = client({ profile: 'strict' }).say(`CONNECT\naccept-version:1.2\n${host}\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:invalid host\n');
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it.each(['CONNECT', 'STOMP'])(
    'STOMP-25 S2: a second %s is an ERROR, and the first identity stays',
    (command) => {
      const attempts: LoginAttempt[] = [];
      given({ authenticator: recording(attempts) });
      const c = client().say('STOMP\naccept-version:1.2\nlogin:bob\n\n\0');
      c.heard();
      c.say(`${command}\naccept-version:1.2\nlogin:admin\n\n\0`);
      expect(c.heard()[0]).toContain('ERROR\nmessage:already connected\n');
      expect(c.link.closeReason?.kind).toBe('protocol_error');
      expect(attempts).toHaveLength(1);
    },
  );

  it.each([
    'SEND\ndestination:/topic/canary\n\nx\0',
    'SUBSCRIBE\nid:1\ndestination:/topic/canary\n\n\0',
    'UNSUBSCRIBE\nid:1\n\n\0',
    'ACK\nid:1\n\n\0',
    'NACK\nid:1\n\n\0',
    'BEGIN\ntransaction:1\n\n\0',
    'COMMIT\ntransaction:1\n\n\0',
    'ABORT\ntransaction:1\n\n\0',
    'DISCONNECT\nreceipt:1\n\n\0',
    'MESSAGE\ndestination:/topic/canary\n\n\0',
    'connect\n\n\0',
  ])('STOMP-26 S1: nothing may come before CONNECT: %j', (frame) => {
    given();
    const watcher = client().say(
      'CONNECT\naccept-version:1.2\n\n\0',
      'SUBSCRIBE\nid:1\ndestination:/topic/canary\n\n\0',
    );
    watcher.heard();
    const c = client().say(frame + 'CONNECT\naccept-version:1.2\n\n\0');
    expect(c.heard()).toEqual([expect.stringMatching(/^ERROR\nmessage:/)]);
    expect(c.link.closeReason).toBeDefined();
    expect(c.link.isEstablished).toBe(false);
    expect(watcher.heard()).toEqual([]);
    expect(services.brokers.get('realm1')?.stats).toMatchObject({ sessions: 1, subscriptions: 1 });
  });

  const refusals: [string, () => Verdict | Promise<Verdict>][] = [
    ['refused', () => ({ kind: 'refused', code: 'authentication_denied' })],
    ['refused later', () => Promise.resolve({ kind: 'refused', code: 'authentication_failed' })],
    ['thrown', () => fail()],
    ['rejected', () => Promise.reject(new Error('secret detail'))],
    [
      'challenged',
      () => ({
        kind: 'challenged',
        challenge: {
          method: 'wampcra',
          extra: {},
          answer: () => ({ kind: 'refused', code: 'authentication_failed' }),
        },
      }),
    ],
  ];

  it.each(refusals)(
    'STOMP-27: a login that is %s gets the same ERROR, then the close',
    async (_how, begin) => {
      given({ authenticator: { methods: ['ticket'], begin } });
      const c = client().say('CONNECT\naccept-version:1.2\nlogin:a\npasscode:b\n\n\0');
      await tick();
      expect(c.heard()).toEqual([
        'ERROR\nmessage:authentication failed\ncontent-type:text/plain\ncontent-length:22\n\nThe login was refused.\0',
      ]);
      expect(c.link.closeReason).toEqual({ kind: 'policy', text: 'authentication failed' });
    },
  );

  it('STOMP-28: passes over a receipt on CONNECT', () => {
    given();
    const c = client().say('CONNECT\naccept-version:1.2\nreceipt:r\n\n\0');
    expect(c.heard()).toEqual([expect.stringMatching(/^CONNECTED\n/)]);
  });

  it('STOMP-30: passes over headers that it does not know', () => {
    given();
    const c = client().say('CONNECT\naccept-version:1.2\nclient-id:7\nwill:x\n\n\0');
    c.say('BEGIN\ntransaction:t\nfoo:bar\nreceipt:1\n\n\0');
    expect(c.heard()[1]).toBe('RECEIPT\nreceipt-id:1\n\n\0');
  });

  it('STOMP-04: takes a passcode literally', () => {
    const attempts: LoginAttempt[] = [];
    given({ authenticator: recording(attempts) });
    client().say('CONNECT\naccept-version:1.2\nlogin:a\\cb\npasscode:pa:ss\\n\n\n\0');
    expect(attempts[0]).toMatchObject({ authid: 'a\\cb', secret: 'pa:ss\\n' });
  });

  it('STOMP-68: the login deadline is lifted by CONNECTED and by nothing else', async () => {
    let accept: (verdict: Verdict) => void = () => {};
    given({ authenticator: { methods: [], begin: () => new Promise((resolve) => (accept = resolve)) } });
    const c = client().say('\n', 'CONNECT\naccept-version:1.2\n\n\0');
    await tick();
    expect(c.link.isEstablished).toBe(false);
    accept({ kind: 'accepted', principal: PRINCIPAL });
    await tick();
    expect(c.link.isEstablished).toBe(true);
  });

  it('keeps what follows CONNECT until the login is decided, and reads it as a session', async () => {
    let accept: (verdict: Verdict) => void = () => {};
    given({ authenticator: { methods: [], begin: () => new Promise((resolve) => (accept = resolve)) } });
    const c = client().say(
      'CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0',
      `SEND\ndestination:/topic/a\nn:a\\cb\n\n${'x'.repeat(20_000)}\0`,
    );
    expect([c.heard(), [...c.link.paused]]).toEqual([[], ['admission']]);
    accept({ kind: 'accepted', principal: PRINCIPAL });
    await tick();
    const [connected, message] = c.heard();
    expect(connected).toMatch(/^CONNECTED\n/);
    expect(message).toContain('n:a\\cb\n');
    expect([...c.link.paused]).toEqual([]);
  });

  it('attaches nobody when the link ends before the login is decided', async () => {
    let accept: (verdict: Verdict) => void = () => {};
    given({ authenticator: { methods: [], begin: () => new Promise((resolve) => (accept = resolve)) } });
    const c = client().say('CONNECT\naccept-version:1.2\n\n\0');
    c.close();
    accept({ kind: 'accepted', principal: PRINCIPAL });
    await tick();
    expect(services.brokers.get('realm1')?.stats.sessions).toBe(0);
    expect(c.heard()).toEqual([]);
  });
});

describe('limits before login', () => {
  it('STOMP-67: is stricter before CONNECTED than after it', () => {
    given();
    const early = client().say(`CONNECT\nx:${'y'.repeat(4097)}\n\n\0`);
    expect(early.heard()[0]).toContain('ERROR\nmessage:frame too large\n');
    expect(early.link.closeReason?.kind).toBe('too_big');
    const c = client().say(`CONNECT\naccept-version:1.2\nx:${'y'.repeat(4096)}\n\n\0`);
    c.say(`SEND\ndestination:/topic/a\nx:${'y'.repeat(65_536)}\nreceipt:1\n\n\0`);
    expect(c.heard()[1]).toBe('RECEIPT\nreceipt-id:1\n\n\0');
  });

  it('STOMP-67: counts the frame, however it was split', () => {
    given({ limits: { messageBytes: 1000 } });
    const c = client().say(
      'CONNECT\naccept-version:1.2\n\n\0',
      `SEND\ndestination:/topic/a\n\n${'x'.repeat(900)}`,
    );
    expect(c.link.closeReason).toBeUndefined();
    c.say('x'.repeat(100));
    expect(c.heard()[1]).toContain('ERROR\nmessage:frame too large\n');
  });

  it.each(['{"a":1}'.repeat(10), '[1,"realm1",{}]'.repeat(3)])('S3: refuses what is no STOMP: %j', (text) => {
    given();
    const c = client().say(text);
    expect(c.heard()[0]).toContain('ERROR\nmessage:frame too large\n');
  });

  it('S4: a frame before login has five seconds in all', () => {
    given();
    const c = client().say('CONN');
    for (let i = 0; i < 6; i += 1) {
      services.clock.advance(800);
      c.say('x');
    }
    expect(c.link.closeReason).toBeUndefined();
    services.clock.advance(400);
    expect(c.heard()[0]).toContain('ERROR\nmessage:frame too slow\n');
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it('S4: a frame after login has thirty seconds for each piece', () => {
    given();
    const c = client().say('CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/topic/a\n\nb');
    for (let i = 0; i < 10; i += 1) {
      services.clock.advance(29_000);
      c.say('b');
    }
    expect(c.link.closeReason).toBeUndefined();
    services.clock.advance(30_200);
    expect(c.heard()[1]).toContain('ERROR\nmessage:frame too slow\n');
  });

  it('S4: a frame that ends in time leaves no deadline behind', () => {
    given();
    const c = client().say('CONNECT\naccept-version:1.2\n\n', '\0');
    services.clock.advance(120_000);
    expect(c.link.closeReason).toBeUndefined();
    expect(services.timers.size).toBe(0);
  });
});

const PRINCIPAL = { authid: 'a', authrole: 'r', authmethod: 'm', authprovider: 'p' };

function recording(attempts: LoginAttempt[]): Authenticator {
  return {
    methods: ['ticket'],
    begin: (attempt) => {
      attempts.push(attempt);
      return { kind: 'accepted', principal: { ...PRINCIPAL, authid: attempt.authid ?? 'nobody' } };
    },
  };
}

function fail(): never {
  throw new Error('secret detail');
}
