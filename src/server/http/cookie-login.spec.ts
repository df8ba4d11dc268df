import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cookieSessions } from '../../auth/index.js';
import { loadConfig } from '../config/index.js';
import { serveCookieLogin } from './index.js';

const ORIGIN = 'https://app.example.com';

let server: ReturnType<typeof createServer>;
let events: unknown[];

beforeEach(async () => {
  events = [];
  const config = loadConfig({});
  const limits = { ...config.limits, loginTimeoutMs: 30 };
  const cookie = { loginPath: '/login', logoutPath: '/logout' };
  const authentication = { ...config.authentication, cookie } as typeof config.authentication;
  const cookies = cookieSessions({ secret: 'a secret of at least thirty-two bytes', origins: [ORIGIN] });
  const authenticator = { methods: [], begin: () => new Promise<never>(() => {}) };
  const login = serveCookieLogin(
    { ...config, limits, origins: [ORIGIN], authentication },
    { authenticator, cookies },
    {
      count() {},
      event: (name, fields) => void events.push([name, fields['reason']]),
      defect: (where) => void events.push(where),
    },
  );
  server = createServer((request, response) => login?.(request, response, () => response.end()));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('the login of web pages', () => {
  it('A4 A14: is refused when nobody has said in the time of a login who it is', async () => {
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/login`, {
      method: 'POST',
      headers: { Origin: ORIGIN, 'Content-Type': 'application/json' },
      body: '{"authid":"alice","ticket":"sesame street"}',
    });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([503, null]);
    expect(events).toEqual([['http.login-refused', 'timeout']]);
  });
});
