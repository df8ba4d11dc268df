import { describe, expect, it } from '@jest/globals';
import { exportsOf, textOf } from './sources.js';

/** The public names, written out: who changes this list changes the interface, and tells so in the change log. */
const PUBLIC = {
  'src/router/index.ts': [
    'AnyHttpServer',
    'Authenticator',
    'Authorizer',
    'BrokerLimits',
    'Challenge',
    'Decision',
    'Instrumentation',
    'LoginAttempt',
    'Principal',
    'Router',
    'RouterOptions',
    'RouterStats',
    'SessionLimits',
    'StompOptions',
    'TransportLimits',
    'UpgradeRequest',
    'VERSION',
    'Verdict',
    'WampOptions',
    'createRouter',
    'stomp',
    'wamp',
  ],
  'src/nest/index.ts': ['MANGROVE_ROUTER', 'MangroveModule', 'MangroveModuleExtras', 'MangroveModuleOptions'],
  'src/subprotocols/index.ts': [
    'Admission',
    'CloseKind',
    'CloseReason',
    'ClosedReason',
    'DEFAULT_SESSION_LIMITS',
    'Frame',
    'Handshake',
    'Inbox',
    'Link',
    'PauseReason',
    'Realms',
    'Remote',
    'Services',
    'Session',
    'SessionLimits',
    'StompOptions',
    'Subprotocol',
    'WampOptions',
    'stomp',
    'wamp',
  ],
  'src/testing/index.ts': [
    'FakeLink',
    'ManualClock',
    'RecordingEndpoint',
    'SequentialIds',
    'TestServices',
    'TestServicesOptions',
    'Told',
    'testServices',
  ],
} as const;

describe('the package', () => {
  it('has four entries, each the index of a floor', () => {
    const { exports } = JSON.parse(textOf('package.json')) as {
      exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
    };
    const entries = Object.entries(exports).map(([name, target]) => [
      name,
      typeof target === 'string' ? target : [target.types, target.default],
    ]);
    expect(entries).toEqual([
      ['.', ['./dist/router/index.d.ts', './dist/router/index.js']],
      ['./nest', ['./dist/nest/index.d.ts', './dist/nest/index.js']],
      ['./subprotocol', ['./dist/subprotocols/index.d.ts', './dist/subprotocols/index.js']],
      ['./testing', ['./dist/testing/index.d.ts', './dist/testing/index.js']],
      ['./package.json', './package.json'],
    ]);
  });

  it.each(Object.entries(PUBLIC))('exports these names from %s', (file, names) => {
    const found = exportsOf(file).map(({ name }) => name);
    expect(found.sort()).toEqual([...names]);
  });

  it('has the version that it says', () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    expect(textOf('src/router/version.ts')).toContain(`export const VERSION = '${version}';`);
  });
});
