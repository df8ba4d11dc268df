/**
 * The import rule: a floor imports from lower floors only, and only through their index.ts; floors of F2 never
 * see each other; third-party names only where they are listed. Type-only imports count.
 */
const floor = (name, path, allowed, modules = []) => ({
  name: `${name}-imports-down-only`,
  severity: 'error',
  comment: `${name} may import its own files, ${allowed.join(', ') || 'nothing else'}${modules.length ? ` and ${modules.join(', ')}` : ''}.`,
  from: { path: `^src/${path}/`, pathNot: '\\.spec\\.ts$' },
  to: {
    pathNot: [
      `^src/${path}/`,
      ...allowed.map((lower) => `^src/${lower}/index\\.ts$`),
      ...modules.flatMap((name) =>
        name.startsWith('node:')
          ? [`^${name.slice('node:'.length)}$`]
          : [`^node_modules/${name}/`, `^node_modules/@types/${name}/`],
      ),
    ],
  },
});

const LOWER = ['lib', 'serializers'];
const NEST = ['@nestjs/[^/]+', 'rxjs', 'reflect-metadata'];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    floor('lib', 'lib', []),
    floor('serializers', 'serializers', ['lib']),
    floor('broker', 'broker', LOWER),
    floor('stomp-codec', 'subprotocols/stomp/codec', LOWER),
    floor('wamp-codec', 'subprotocols/wamp/codec', LOWER),
    {
      name: 'stomp-imports-down-only',
      severity: 'error',
      from: {
        path: '^src/subprotocols/stomp/',
        pathNot: ['\\.spec\\.ts$', '^src/subprotocols/stomp/codec/'],
      },
      to: {
        pathNot: [
          '^src/subprotocols/stomp/',
          '^src/subprotocols/(subprotocol|inbox|error-uris|connection-facts)\\.ts$',
          '^src/(lib|serializers|broker)/index\\.ts$',
        ],
      },
    },
    {
      name: 'wamp-imports-down-only',
      severity: 'error',
      from: { path: '^src/subprotocols/wamp/', pathNot: ['\\.spec\\.ts$', '^src/subprotocols/wamp/codec/'] },
      to: {
        pathNot: [
          '^src/subprotocols/wamp/',
          '^src/subprotocols/(subprotocol|inbox|error-uris|connection-facts)\\.ts$',
          '^src/(lib|serializers|broker)/index\\.ts$',
        ],
      },
    },
    {
      name: 'contract-imports-down-only',
      severity: 'error',
      from: { path: '^src/subprotocols/[^/]+\\.ts$', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot: [
          '^src/subprotocols/[^/]+\\.ts$',
          '^src/subprotocols/(stomp|wamp)/index\\.ts$',
          '^src/(lib|serializers|broker)/index\\.ts$',
        ],
      },
    },
    floor('memory-engine', 'engines/memory', ['lib', 'broker']),
    floor(
      'lmdb-engine',
      'engines/lmdb',
      ['lib', 'serializers', 'broker'],
      [
        'lmdb',
        'node:fs',
        'node:fs/promises',
        'node:path',
        'node:zlib',
        'node:child_process',
        'node:os',
        'node:url',
      ],
    ),
    floor('auth', 'auth', ['lib', 'serializers', 'broker'], ['node:crypto', 'jose', 'hash-wasm']),
    floor(
      'transport',
      'transport',
      ['lib', 'subprotocols'],
      ['ws', 'node:http', 'node:https', 'node:net', 'node:tls', 'node:stream', 'node:perf_hooks'],
    ),
    floor(
      'router',
      'router',
      [...LOWER, 'broker', 'subprotocols', 'auth', 'engines/memory', 'transport'],
      ['node:crypto', 'node:http', 'node:https'],
    ),
    floor(
      'nest',
      'nest',
      [...LOWER, 'broker', 'subprotocols', 'auth', 'engines/memory', 'transport', 'router'],
      [...NEST, 'node:http', 'node:https'],
    ),
    floor('testing', 'testing', [
      ...LOWER,
      'broker',
      'subprotocols',
      'engines/memory',
      'transport',
      'router',
    ]),
    {
      name: 'server-through-the-index',
      severity: 'error',
      from: { path: '^src/(server/|main\\.ts)', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/', pathNot: ['^src/server/', '^src/(engines/)?[^/]+/index\\.ts$'] },
    },
    {
      name: 'nobody-imports-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/testing/', '\\.spec\\.ts$'] },
      to: { path: '^src/testing/' },
    },
    {
      name: 'nobody-imports-specs',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '\\.spec\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
    includeOnly: undefined,
  },
};
