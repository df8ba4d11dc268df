import { describe, expect, it } from '@jest/globals';
import { serializers } from '../../src/serializers/index.js';
import type { SerializerName } from '../../src/serializers/index.js';
import { Frame, stomp, wamp } from '../../src/subprotocols/index.js';
import type { Subprotocol } from '../../src/subprotocols/index.js';
import { subprotocolContract } from '../../src/testing/index.js';
import type { SampleMessage, SubprotocolSample } from '../../src/testing/index.js';
import { echo } from '../e2e/echo-subprotocol.js';

const STOMP: SubprotocolSample = {
  create: () => stomp(),
  login: () => ['CONNECT\naccept-version:1.0,1.1,1.2\nhost:realm1\n\n\0'],
  question: () => 'SEND\ndestination:/topic/a.b\nreceipt:r1\n\nhello\0',
  nonsense: [
    'CONNECTED\n\n\0',
    'SUBSCRIBE\n\n\0',
    'SEND\ndestination:/nowhere/x\n\n\0',
    'ACK\nid:none\n\n\0',
  ],
};

/** One WAMP message as the token writes it. */
function written(token: string | undefined, message: readonly unknown[]): SampleMessage {
  const [, , name = 'json', batched] = (token ?? 'wamp.2.json').split('.');
  const encoded = Buffer.from(serializers[name as SerializerName].encode(message));
  if (name === 'json') return batched === undefined ? `${encoded}` : `${encoded}\u001e`;
  if (batched === undefined) return encoded;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(encoded.length);
  return Buffer.concat([length, encoded]);
}

const ROLES = { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} } };
const WAMP: SubprotocolSample = {
  create: () => wamp(),
  login: (token) => [written(token, [1, 'realm1', ROLES])],
  question: (token) => written(token, [32, 1, {}, 'a.b']),
  nonsense: ['[2,1,{}]', '[32,1,{},""]', '[48,1,{},"no.such"]', '[6,{},"bye"]', '[70,1,{}]'],
};

const ECHO: SubprotocolSample = {
  create: echo,
  login: () => ['ECHO'],
  question: () => 'hello',
  nonsense: ['BYE'],
};

for (const sample of [STOMP, WAMP, ECHO]) subprotocolContract({ describe, it }, sample);

/** Titles of the contract's tests that fail for a subprotocol. */
function broken(change: (good: Subprotocol) => Partial<Subprotocol>): string[] {
  const failed: string[] = [];
  const runner = {
    describe: (_title: string, body: () => void) => body(),
    it(title: string, body: () => void) {
      try {
        body();
      } catch {
        failed.push(title);
      }
    },
  };
  const create = (): Subprotocol => ({ ...echo(), ...change(echo()) });
  subprotocolContract(runner, { ...ECHO, create });
  return [...new Set(failed)];
}

describe('the contract', () => {
  it('holds for the subprotocol that the next tests break', () => {
    expect(broken(() => ({}))).toEqual([]);
  });

  it('finds a session that throws', () => {
    const failed = broken((good) => ({
      open(link, handshake, services) {
        const session = good.open(link, handshake, services);
        const receive = (data: Buffer, isBinary: boolean): void => {
          if (data[0] === 0xff) throw new Error('unexpected');
          session.receive(data, isBinary);
        };
        return Object.assign(Object.create(session), { receive });
      },
    }));
    expect(failed).toContain('survives every message as the first one');
    expect(failed).toContain('survives every message after a login');
  });

  it('finds a timer that is left', () => {
    const failed = broken((good) => ({
      open(link, handshake, services) {
        services.clock.schedule(60_000, () => {});
        return good.open(link, handshake, services);
      },
    }));
    expect(failed).toContain('leaves nothing of a session when its link has ended');
  });

  it('finds a timer that speaks when nobody is there', () => {
    const failed = broken((good) => ({
      open(link, handshake, services) {
        services.clock.schedule(60_000, () => link.send(new Frame(false, [Buffer.from('?')])));
        return good.open(link, handshake, services);
      },
    }));
    expect(failed).toContain('says nothing more when its link has ended');
  });

  it('finds sessions that are not apart', () => {
    const links = new Set<{ send(frame: Frame): void }>();
    const failed = broken((good) => ({
      open(link, handshake, services) {
        links.add(link);
        const session = good.open(link, handshake, services);
        const receive = (data: Buffer, isBinary: boolean): void => {
          session.receive(data, isBinary);
          for (const other of links) if (other !== link) other.send(new Frame(false, [data]));
        };
        return Object.assign(Object.create(session), { receive });
      },
    }));
    expect(failed).toContain('keeps sessions apart');
  });

  it('finds a stop that is not kept, a bad name and a bad token', () => {
    const failed = broken((good) => ({
      name: 'Echo!',
      tokens: ['v1 echo'],
      open: (...open) => Object.assign(Object.create(good.open(...open)), { closing() {} }),
    }));
    expect(failed).toEqual([
      'has a lower-case name',
      'has tokens that a handshake can carry, each once',
      'closes the link in time when the server stops, with a session and without',
    ]);
  });

  it('finds a subprotocol that does not recognise its own clients', () => {
    expect(broken(() => ({ recognises: () => false }))).toEqual([
      'recognises the first message of its clients, and leaves messages as they are',
    ]);
  });
});
