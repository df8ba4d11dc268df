import type { Authenticator, RouterOptions } from '../../../src/router/index.js';
import type { ScenarioName } from './scenarios.js';

/** The clients that go through the scenarios. */
export type Make = 'autobahn' | 'wampy' | 'python';

/** A scenario of {@link EXPECTED}: those of JavaScript, and what only Python can do. */
export type RowName = ScenarioName | 'interrupted callees';

/** Whoever comes is whom it says; bob is a guest. */
const MEMBERS: Authenticator = {
  methods: ['ticket'],
  begin: ({ authid = 'nobody' }) => {
    const authrole = authid === 'bob' ? 'guests' : 'staff';
    return {
      kind: 'accepted',
      principal: { authid, authrole, authmethod: 'ticket', authprovider: 'test' },
    };
  },
};

/** What the server of the scenarios is set to: everybody may do everything, and one topic keeps its events. */
export const OPTIONS: RouterOptions = {
  authenticator: MEMBERS,
  authorizer: () => ({ allow: true }),
  history: [{ match: 'com.example.log', entries: 10, bytes: 65_536 }],
};

/** Scenario → the makes that cannot do it, with the reason. */
export const UNABLE: Readonly<Partial<Record<RowName, Readonly<Partial<Record<Make, string>>>>>> = {
  'hearing oneself': { wampy: 'drops `exclude_me` when it is false' },
  'publisher disclosure': { python: 'has no `disclose_me`' },
  'refused publications': { wampy: 'refuses by itself' },
  concurrency: { wampy: 'has no such option' },
  'taking over': { wampy: 'has no such option' },
  'canceling: skip': { python: 'names no mode' },
  'canceling: kill': { python: 'names no mode' },
  'canceling: killnowait': { python: 'names no mode' },
  'interrupted callees': { autobahn: 'cannot be interrupted', wampy: 'cannot be interrupted' },
  'caller disclosure': { python: 'has no `disclose_me`' },
};

/** Scenario → what every client sees, whatever its make, its serializer and where it runs. */
export const EXPECTED: Readonly<Record<RowName, unknown>> = {
  events: [[1, -0.5, 'żółw 𝄞', null, true, [1, [2]], { a: { b: [] } }, 9007199254740991], { key: 'value' }],
  order: true,
  patterns: ['com.example.deep', 'com.example.x.y', 'com.example.deep', 'com.other.deep'],
  exclusion: { bob: ['all'], carol: [0, 1, 2, 'all'] },
  whitelists: { bob: [0, 1, 2, 'all'], carol: ['all'] },
  'hearing oneself': [['heard'], 0],
  'publisher disclosure': [
    [null, null, null],
    ['alice', 'alice', 'staff'],
  ],
  retention: [
    [['new'], true],
    [['new'], true],
  ],
  unsubscribing: [['now'], 0],
  'refused publications': ['wamp.error.invalid_uri', 'done'],
  calls: [
    { args: [], kwargs: {} },
    { args: [{ deep: [1] }], kwargs: {} },
    { args: [1, 'two'], kwargs: { three: [3] } },
  ],
  errors: [
    { error: 'com.example.error.overflow', args: ['too big', 7], kwargs: { limit: 5 } },
    'wamp.error.no_such_procedure',
  ],
  registrations: ['wamp.error.procedure_already_exists', ['bob'], 'wamp.error.no_such_procedure', 'done'],
  'patterns of procedures': [
    'exact: com.example.exact',
    'prefix: com.example.wild',
    'wildcard: com.other.wild',
  ],
  'shared procedures': {
    roundrobin: ['bob', 'carol', 'bob', 'carol'],
    first: ['bob', 'bob', 'bob', 'bob'],
    last: ['carol', 'carol', 'carol', 'carol'],
    random: true,
    refused: 'wamp.error.procedure_exists_with_different_invocation_policy',
  },
  concurrency: [['bob'], ['carol']],
  'taking over': ['wamp.error.procedure_already_exists', ['fresh']],
  'progressive results': [[[1], [2], [3]], ['done'], ['unasked']],
  'canceling: skip': ['wamp.error.canceled', ['ready']],
  'canceling: kill': ['wamp.error.canceled', ['ready']],
  'canceling: killnowait': ['wamp.error.canceled', ['ready']],
  'interrupted callees': ['ready'],
  'time-outs': 'wamp.error.timeout',
  'caller disclosure': [
    [false, null, null],
    [true, 'alice', 'staff'],
  ],
  'lost callees': 'wamp.error.canceled',
  'session meta API': {
    joined: [true, 'bob', 'guests'],
    counts: [2, 1],
    listed: true,
    shown: 'bob',
    left: ['bob’s', 'bob', 'guests'],
    gone: 'wamp.error.no_such_session',
  },
  'registration meta API': {
    found: [true, true],
    shown: ['com.example.p', 'prefix'],
    callees: [true],
    count: 1,
    events: [true, true, true, true],
  },
  'subscription meta API': {
    found: [true, true],
    shown: ['com.example.t', 'exact'],
    subscribers: [true],
    count: 1,
    events: [true, true, true, true],
  },
  'killing sessions': ['done', 'wamp.error.no_such_session', 1],
  testaments: [['gone'], { who: 'bob' }, 0],
  'event history': [
    [[1], [2], [3]],
    [[1], [2]],
    [[3], [2]],
  ],
};

/**
 * What needs an order that AutobahnJS's long-poll does not keep: each message is a request of its own, and requests of a browser
 * overtake each other.
 */
const ORDERED: ReadonlySet<RowName> = new Set([
  'order',
  'progressive results',
  'canceling: skip',
  'canceling: killnowait',
]);

/** What a make can do, and what it then sees. */
export function rowsOf(
  make: Make,
  by: 'long-poll' | 'streams' = 'streams',
): readonly (readonly [RowName, unknown])[] {
  const rows = Object.entries(EXPECTED) as [RowName, unknown][];
  const able = rows.filter(([name]) => UNABLE[name]?.[make] === undefined);
  return by === 'streams' ? able : able.filter(([name]) => !ORDERED.has(name));
}
