import { afterEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import { wampServices } from '../../../test/support/wamp-services.js';
import type { Authorizer } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';
import { FEATURE_NAMES } from './index.js';
import type { FeatureName, FeatureSwitches } from './index.js';

/** Whether anybody may still hear com.gone. */
let isOpen = true;

/** Everybody may do everything else, and is trusted as far as 3 with `com.t`. */
const authorizer: Authorizer = {
  trustlevels: true,
  decide: (_principal, _action, { text }) => ({
    allow: isOpen || text !== 'com.gone',
    takeover: true,
    ...(text === 'com.t' && { trustlevel: 3 }),
  }),
};

/** A realm with all that a feature may need, whose router has these switched. */
function start(features: FeatureSwitches = {}): Peers {
  return new Peers(wampServices({ authorizer, history: [{ match: 'com.kept' }] }, { features }));
}

let peers = start();

afterEach(() => {
  peers.end();
  isOpen = true;
  peers = start();
});

/** A client that has announced whatever there is. */
const ALL =
  '{"payload_passthru_mode":true,"progressive_call_results":true,"progressive_call_invocations":true,' +
  '"call_canceling":true,"call_timeout":true,"call_reroute":true,"registration_revocation":true,' +
  '"subscription_revocation":true,"sharded_subscription":true}';
const ROLES = ['publisher', 'subscriber', 'caller', 'callee'].map((role) => `"${role}":{"features":${ALL}}`);
const MODERN_HELLO = `[1,"realm1",{"roles":{${ROLES.join()}}}]`;

/** Joins clients of a router that has these features switched. */
type Joined = () => WampPeer;

/** The code of the last message, and of an ERROR its URI, of an ABORT its reason. */
function last(peer: WampPeer): unknown {
  const [code, ...rest] = peer.takeParsed().at(-1) ?? [];
  return code === 8 ? rest[3] : code === 3 ? rest[1] : code;
}

/** Details of the last message. */
function details(peer: WampPeer): object {
  const message = peer.takeParsed().at(-1) ?? [];
  return (message.find((element) => typeof element === 'object') ?? {}) as object;
}

/** Calls a procedure of the router's own. */
async function called(join: Joined, procedure: string, args = ''): Promise<unknown> {
  const caller = join().send(`[48,1,{},"${procedure}"${args}]`);
  await new Promise((resolve) => setImmediate(resolve));
  return last(caller);
}

/** What a client was told of a loss: code, request and reason. */
function revocations(holder: WampPeer): unknown[] {
  return holder.takeParsed().map(([code, request, about]) => {
    return [code, request, (about as { reason?: string } | undefined)?.reason];
  });
}

/** Takes a procedure away from whoever holds it, the only thing that takes a registration. */
function takenOver(join: Joined): unknown {
  const holder = join().send('[64,1,{},"com.r"]');
  holder.take();
  join().send('[64,1,{"force_reregister":true},"com.r"]');
  return revocations(holder);
}

/** Takes a subscription away: its holder may not hear that any more. */
function forbidden(join: Joined): unknown {
  const holder = join().send('[32,1,{},"com.gone"]');
  holder.take();
  isOpen = false;
  peers.services.brokers.get('realm1')?.reauthorize();
  return revocations(holder);
}

interface Row {
  readonly name: FeatureName;
  /** The roles in whose features WELCOME names it. */
  readonly roles: readonly ('broker' | 'dealer')[];
  /** Uses it on the wire, and tells what came of it. */
  readonly use: (join: Joined) => unknown;
  readonly on: unknown;
  readonly off: unknown;
}

const ROWS: readonly Row[] = [
  {
    name: 'publisher_identification',
    roles: ['broker'],
    use: (join) => last(join().send('[16,1,{"disclose_me":true,"acknowledge":true},"com.a"]')),
    on: 17,
    off: 'wamp.error.option_disallowed.disclose_me',
  },
  {
    name: 'publisher_exclusion',
    roles: ['broker'],
    use: (join) => last(join().send('[32,1,{},"com.a"]', '[16,2,{"exclude_me":false},"com.a"]')),
    on: 36,
    off: 33,
  },
  {
    name: 'subscriber_blackwhite_listing',
    roles: ['broker'],
    use: (join) => last(join().send('[16,1,{"eligible":[],"acknowledge":true},"com.a"]')),
    on: 17,
    off: 'wamp.error.option_not_allowed',
  },
  {
    name: 'pattern_based_subscription',
    roles: ['broker'],
    use: (join) =>
      ['prefix', 'wildcard'].map((match) => last(join().send(`[32,1,{"match":"${match}"},"com.a"]`))),
    on: [33, 33],
    off: ['wamp.error.option_not_allowed', 'wamp.error.option_not_allowed'],
  },
  {
    name: 'event_retention',
    roles: ['broker'],
    use: (join) => {
      join().send('[16,1,{"retain":true},"com.a",[1]]');
      return last(join().send('[32,1,{"get_retained":true},"com.a"]'));
    },
    on: 36,
    off: 33,
  },
  {
    name: 'sharded_subscription',
    roles: ['broker'],
    use: (join) => {
      const nodes = ['n1', 'n2', 'n3'].map((nkey) => join().send(`[32,1,{"nkey":"${nkey}"},"com.a"]`));
      for (const node of nodes) node.take();
      join().send('[16,1,{"rkey":"k"},"com.a"]');
      return nodes.flatMap((node) => node.take()).length;
    },
    on: 1,
    off: 3,
  },
  {
    name: 'subscription_revocation',
    roles: ['broker'],
    use: forbidden,
    on: [[35, 0, 'wamp.error.not_authorized']],
    off: [],
  },
  {
    name: 'publication_trustlevels',
    roles: ['broker'],
    use: (join) => {
      const subscriber = join().send('[32,1,{},"com.t"]');
      join().send('[16,1,{},"com.t"]');
      return details(subscriber);
    },
    on: { trustlevel: 3 },
    off: {},
  },
  {
    name: 'caller_identification',
    roles: ['dealer'],
    use: (join) => [
      last(join().send('[48,1,{"disclose_me":true},"com.none"]')),
      last(join().send('[64,1,{"disclose_caller":true},"com.a"]')),
    ],
    on: ['wamp.error.no_such_procedure', 65],
    off: ['wamp.error.option_disallowed.disclose_me', 'wamp.error.option_disallowed.disclose_me'],
  },
  {
    name: 'pattern_based_registration',
    roles: ['dealer'],
    use: (join) =>
      ['prefix', 'wildcard'].map((match) => last(join().send(`[64,1,{"match":"${match}"},"com.a"]`))),
    on: [65, 65],
    off: ['wamp.error.option_not_allowed', 'wamp.error.option_not_allowed'],
  },
  {
    name: 'shared_registration',
    roles: ['dealer'],
    use: (join) =>
      ['first', 'last', 'roundrobin', 'random', 'single'].map((invoke) =>
        last(join().send(`[64,1,{"invoke":"${invoke}"},"com.${invoke}"]`)),
      ),
    on: [65, 65, 65, 65, 65],
    off: [...Array<string>(4).fill('wamp.error.option_not_allowed'), 65],
  },
  {
    name: 'registration_revocation',
    roles: ['dealer'],
    use: takenOver,
    on: [[67, 0, 'wamp.error.procedure_already_exists']],
    off: [],
  },
  {
    name: 'call_reroute',
    roles: ['dealer'],
    use: (join) => {
      const busy = join().send('[64,1,{"invoke":"first"},"com.a"]');
      const free = join().send('[64,1,{"invoke":"first"},"com.a"]');
      const caller = join().send('[48,1,{},"com.a"]');
      busy.send('[8,68,1,{},"wamp.error.unavailable"]');
      return [last(free), last(caller)];
    },
    on: [68, undefined],
    off: [65, 'wamp.error.unavailable'],
  },
  {
    name: 'call_canceling',
    roles: ['dealer'],
    use: (join) => {
      const callee = join().send('[64,1,{},"com.a"]');
      const caller = join().send('[48,1,{},"com.a"]', '[49,1,{"mode":"killnowait"}]');
      return [last(callee), last(caller)];
    },
    on: [69, 'wamp.error.canceled'],
    off: [68, undefined],
  },
  {
    name: 'call_timeout',
    roles: ['dealer'],
    use: (join) => {
      const callee = join().send('[64,1,{"forward_timeout":true},"com.f"]', '[64,2,{},"com.a"]');
      const caller = join().send('[48,1,{"timeout":100},"com.f"]');
      const told = details(callee);
      caller.send('[48,2,{"timeout":100},"com.a"]');
      peers.services.clock.advance(1000);
      return [told, last(caller)];
    },
    on: [{ timeout: 100 }, 'wamp.error.timeout'],
    off: [{}, undefined],
  },
  {
    name: 'progressive_call_results',
    roles: ['dealer'],
    use: (join) => {
      const callee = join().send('[64,1,{},"com.a"]');
      const caller = join().send('[48,1,{"receive_progress":true},"com.a"]');
      const told = details(callee);
      callee.send('[70,1,{"progress":true},[1]]');
      return [told, last(caller)];
    },
    on: [{ receive_progress: true }, 50],
    off: [{}, undefined],
  },
  {
    name: 'progressive_call_invocations',
    roles: ['dealer'],
    use: (join) => {
      const callee = join().send('[64,1,{},"com.a"]');
      const caller = join().send('[48,1,{"progress":true},"com.a"]');
      return [details(callee), last(caller)];
    },
    on: [{ progress: true }, undefined],
    off: [{}, 'wamp.error.protocol_violation'],
  },
  {
    name: 'sharded_registration',
    roles: ['dealer'],
    use: (join) => last(join().send('[48,1,{"runmode":"partition","rkey":"k"},"com.none"]')),
    on: 'wamp.error.no_such_procedure',
    off: 'wamp.error.option_not_allowed',
  },
  {
    name: 'call_trustlevels',
    roles: ['dealer'],
    use: (join) => {
      const callee = join().send('[64,1,{},"com.t"]');
      join().send('[48,1,{},"com.t"]');
      return details(callee);
    },
    on: { trustlevel: 3 },
    off: {},
  },
  {
    name: 'event_history',
    roles: ['broker'],
    use: (join) => called(join, 'wamp.subscription.get_events', ',["com.kept"]'),
    on: 50,
    off: 'wamp.error.no_such_procedure',
  },
  {
    name: 'testament_meta_api',
    roles: ['dealer'],
    use: (join) => called(join, 'wamp.session.add_testament', ',["com.a",[],{}]'),
    on: 50,
    off: 'wamp.error.no_such_procedure',
  },
  {
    name: 'reflection',
    roles: ['broker', 'dealer'],
    use: (join) => called(join, 'wamp.reflection.topic.list'),
    on: 50,
    off: 'wamp.error.no_such_procedure',
  },
  {
    name: 'session_meta_api',
    roles: ['broker', 'dealer'],
    use: async (join) => {
      const watcher = join().send('[32,1,{},"wamp.session.on_join"]');
      return [await called(join, 'wamp.session.count'), last(watcher)];
    },
    on: [50, 36],
    off: ['wamp.error.no_such_procedure', 33],
  },
  {
    name: 'registration_meta_api',
    roles: ['dealer'],
    use: async (join) => {
      const watcher = join().send('[32,1,{},"wamp.registration.on_create"]');
      join().send('[64,1,{},"com.a"]');
      return [await called(join, 'wamp.registration.list'), last(watcher)];
    },
    on: [50, 36],
    off: ['wamp.error.no_such_procedure', 33],
  },
  {
    name: 'subscription_meta_api',
    roles: ['broker'],
    use: async (join) => {
      const watcher = join().send('[32,1,{},"wamp.subscription.on_create"]');
      join().send('[32,1,{},"com.a"]');
      return [await called(join, 'wamp.subscription.list'), last(watcher)];
    },
    on: [50, 36],
    off: ['wamp.error.no_such_procedure', 33],
  },
  {
    name: 'payload_passthru_mode',
    roles: ['broker', 'dealer'],
    use: (join) => {
      const callee = join().send('[64,1,{},"com.a"]');
      join().send('[48,1,{},"com.a"]');
      callee.send('[70,1,{"ppt_scheme":"x_a"},["x"]]');
      return [
        join().send('[16,1,{"ppt_scheme":"x_a"},"com.a",["x"]]').closedAs,
        join().send('[48,1,{"ppt_scheme":"x_a"},"com.none",["x"]]').closedAs,
        callee.closedAs,
      ];
    },
    on: [undefined, undefined, undefined],
    off: ['protocol_error', 'protocol_error', 'protocol_error'],
  },
];

/** Features that WELCOME names, by role. */
function announced(features: FeatureSwitches): Record<'broker' | 'dealer', readonly string[]> {
  const [welcome = []] = peers.connect({ features }).send(MODERN_HELLO).takeParsed();
  const { roles } = welcome[2] as { roles: Record<'broker' | 'dealer', { features: object }> };
  return { broker: Object.keys(roles.broker.features), dealer: Object.keys(roles.dealer.features) };
}

/** The roles that name a feature. */
function rolesNaming(name: FeatureName, features: FeatureSwitches): readonly string[] {
  const { broker, dealer } = announced(features);
  return [...(broker.includes(name) ? ['broker'] : []), ...(dealer.includes(name) ? ['dealer'] : [])];
}

describe.each(['compatible', 'strict'] as const)('a feature that can be switched (%s)', (profile) => {
  it.each(ROWS)('WAMP-55 WAMP-150: $name is announced, and works', async ({ name, roles, use, on }) => {
    expect(rolesNaming(name, {})).toEqual(roles);
    expect(await use(() => peers.join(MODERN_HELLO, { profile }))).toEqual(on);
  });

  it.each(ROWS)('WAMP-55 WAMP-150: $name is neither announced nor there when it is off', async (row) => {
    const features = { [row.name]: false };
    peers.end();
    peers = start(features);
    expect(rolesNaming(row.name, features)).toEqual([]);
    expect(await row.use(() => peers.join(MODERN_HELLO, { profile, features }))).toEqual(row.off);
  });
});

describe('the table of features', () => {
  it('has a row for each', () => {
    expect(ROWS.map(({ name }) => name).toSorted()).toEqual(FEATURE_NAMES.toSorted());
  });

  it.each([
    ['call_canceling', ['call_canceling', 'progressive_call_results', 'progressive_call_invocations']],
    ['shared_registration', ['shared_registration', 'sharded_registration']],
    ['subscription_revocation', ['subscription_revocation']],
    ['call_timeout', ['call_timeout']],
  ] as const)('WAMP-150: without %s go %j, and nothing else', (name, gone) => {
    const all = Object.values(announced({})).flat();
    const left = new Set(Object.values(announced({ [name]: false })).flat());
    expect(all.filter((feature) => !left.has(feature)).toSorted()).toEqual(gone.toSorted());
  });

  it('WAMP-55: announces what needs a store, or an authorizer that ranks, only where it is there', () => {
    const bare = new Peers(testServices({ stores: {} }));
    const text = bare.connect().send(MODERN_HELLO).take()[0] ?? '';
    const named = ['event_retention', 'publication_trustlevels', 'call_trustlevels'];
    expect(named.filter((name) => text.includes(name))).toEqual([]);
    bare.end();
  });

  it('leaves an ordinary client as it was when all is off', () => {
    const features = Object.fromEntries(FEATURE_NAMES.map((name) => [name, false]));
    const plain = '[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]';
    const peer = peers.connect({ features }).send(plain);
    expect(peer.takeParsed()[0]?.[2]).toMatchObject({
      roles: { broker: { features: {} }, dealer: { features: {} } },
    });
    peer.send('[32,1,{},"com.a"]', '[64,2,{},"com.p"]', '[48,3,{},"com.p"]', '[70,1,{},[7]]');
    peers.join(plain, { features }).send('[16,1,{},"com.a",[1]]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([33, 65, 68, 50, 36]);
  });
});
