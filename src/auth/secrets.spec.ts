import { SignJWT } from 'jose';
import { afterEach, describe, expect, it } from '@jest/globals';
import { firstAnswer, loginOverStomp, loginOverWamp } from '../../test/support/login-socket.js';
import { startTestServer } from '../../test/support/test-server.js';
import type { TestServer } from '../../test/support/test-server.js';
import type { Instrumentation } from '../broker/index.js';
import { chain, dynamic, jwt, limitAttempts } from './index.js';

const SECRET = 'CANARY-passcode';
const KEY = 'CANARY-key: a secret of at least thirty-two bytes';

describe('the secrets of logins', () => {
  let server: TestServer;
  afterEach(() => server.stop());

  it('A16: are in no event, no counter and no defect, nor in what the client hears', async () => {
    const told: unknown[] = [];
    const instrumentation: Instrumentation = {
      count: (...given) => void told.push(given),
      event: (...given) => void told.push(given),
      defect: (where, error) =>
        void told.push([where, String(error), error instanceof Error ? error.stack : '']),
    };
    const authenticate = ({ ticket }: { readonly ticket: string | undefined }): string => {
      if (ticket?.endsWith('broken') === true) throw new Error('The directory is down.');
      return ticket === SECRET ? 'user' : (5 as unknown as string);
    };
    const authenticator = limitAttempts(
      chain([jwt({ issuers: [{ keys: { secret: KEY } }] }), dynamic({ methods: ['ticket'], authenticate })]),
    );
    server = await startTestServer({ authenticator, instrumentation });
    const token = await new SignJWT({ sub: 'CANARY-name' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('-1 minute')
      .sign(Buffer.from(KEY));
    const heard: unknown[] = [];
    for (const secret of [SECRET, `${SECRET} wrong`, `${SECRET} broken`, token]) {
      heard.push(
        await loginOverStomp(server.url, 'alice', secret),
        await loginOverWamp(server.url, 'alice', secret),
      );
    }
    const headers = { authorization: `Bearer ${token}` };
    heard.push(await firstAnswer(server.url, 'wamp.2.json', '[1,"realm1",{"roles":{"caller":{}}}]', headers));
    expect(told.length).toBeGreaterThan(10);
    const written = JSON.stringify([told, heard]);
    expect(written).toContain('The directory is down.');
    for (const canary of ['CANARY', token, token.split('.')[2] ?? '']) expect(written).not.toContain(canary);
  });
});
