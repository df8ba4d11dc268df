import type { HistoryRule } from '../../src/broker/index.js';
import type { Authenticator } from '../../src/router/index.js';
import type { ScenarioName } from './queue-scenarios.js';

/** Whoever comes is whom it says. */
export const ANYBODY: Authenticator = {
  methods: ['ticket'],
  begin: ({ authid = 'nobody' }) => ({
    kind: 'accepted',
    principal: { authid, authrole: 'user', authmethod: 'ticket', authprovider: 'test' },
  }),
};

/** The topics that keep a history. */
export const HISTORY: readonly HistoryRule[] = [{ match: 'work.log', entries: 3, bytes: 4096 }];

const AGAIN = { redelivered: 'true', 'x-delivery-count': '2' };

/** Scenario → what every stompjs sees, anywhere. */
export const EXPECTED: Readonly<Record<ScenarioName, unknown>> = {
  acknowledges: {
    first: [
      ['one', {}],
      ['two', {}],
      ['three', {}],
    ],
    second: [
      ['one', AGAIN],
      ['three', AGAIN],
    ],
    left: [],
  },
  refuses: {
    second: ['hot potato', AGAIN],
    letter: [
      'hot potato',
      {
        'made-by': 'a test',
        'x-death-reason': 'rejected',
        'x-death-queue': 'work.nack',
        'x-death-count': '2',
      },
    ],
  },
  commits: { between: [[], []], after: [['committed'], []] },
  subscribesDurably: [
    ['while away', { destination: '/topic/work.news.eu' }],
    ['while here', { destination: '/topic/work.news.us' }],
    ['anew', { destination: '/topic/work.news.eu' }],
  ],
  replays: {
    missed: ['true', ['2', { recovered: 'true' }], ['3', {}], ['4', {}]],
    late: ['false', ['4', { recovered: 'false' }], ['5', {}], ['6', {}]],
  },
  remembers: [
    ['open', { retained: 'true' }],
    ['closed', {}],
    ['closed', {}],
  ],
  reconnects: [
    ['one', {}],
    ['one', { redelivered: 'true' }],
    ['two', {}],
  ],
};
