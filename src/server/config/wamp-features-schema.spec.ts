import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noInstrumentation } from '../../broker/index.js';
import { FakeLink, testServices } from '../../testing/index.js';
import { endpointOptions } from '../endpoint-options.js';
import { loadConfig } from './index.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-features-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(yaml: string) {
  const file = join(folder, 'mangrove.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file });
}

/** What a server with this configuration answers to HELLO. */
function welcomeOf(yaml: string): string {
  const { subprotocols = [] } = endpointOptions(load(yaml), noInstrumentation, undefined);
  const services = testServices();
  const link = new FakeLink(services.clock);
  const wamp = subprotocols.find(({ name }) => name === 'wamp');
  const session = wamp?.open(link, { token: 'wamp.2.json', path: '/ws' }, services);
  if (session !== undefined) link.receive(session, '[1,"realm1",{"roles":{"caller":{}}}]');
  session?.closed({ code: 1000, text: '', by: 'peer' });
  return link.takeText()[0] ?? '';
}

describe('subprotocols.wamp.features', () => {
  it('WAMP-150: has everything on if it is not there', () => {
    const { features } = load('').subprotocols.wamp;
    expect(Object.values(features)).not.toContain(false);
    expect(features).toMatchObject({ shared_registration: true, session_meta_api: true, reflection: true });
  });

  it('WAMP-150: switches off what it names, and no more', () => {
    const yaml = 'subprotocols: { wamp: { features: { call_timeout: false } } }';
    const all = welcomeOf('');
    expect(all).toContain('"call_timeout":true,');
    expect(welcomeOf(yaml)).toBe(all.replace('"call_timeout":true,', ''));
  });

  it.each([
    ['{ telepathy: true }', '"subprotocols.wamp.features.telepathy": unknown key'],
    ['{ call_timeout: maybe }', 'true or false'],
  ])('refuses %s', (features, problem) => {
    expect(() => load(`subprotocols: { wamp: { features: ${features} } }`)).toThrow(problem);
  });
});
