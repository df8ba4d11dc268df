import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  AccessRule,
  Principal,
  Right,
  RolesAuthorizer,
  RolesOptions,
  Router,
  RouterOptions,
} from '../../src/router/index.js';
import { roles, stomp, wamp } from '../../src/router/index.js';
import { MANGROVE_ROUTER, MangroveClient } from '../../src/nest/index.js';
import { NestTestBed } from '../support/nest-app.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import type { Door, Wish } from './doors.js';
import { LocalDoor, StompDoor, WampDoor, letIn } from './doors.js';

const RULE_SETS = 25;
const NEST_RULE_SETS = 10;
/** Of each principal, under each set of rules. */
const WISHES = 100;
const SEED = Number(process.env['MANGROVE_SEED'] ?? 20_261);

/** Whole numbers below a limit, the same ones for the same seed (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PRINCIPALS: readonly Principal[] = ['one', 'two', 'a.b', '#'].map((authid, at) => ({
  authid,
  authrole: at % 2 === 0 ? 'even' : 'odd',
  authmethod: 'ticket',
  authprovider: 'static',
}));

/** Each principal has one of its own, so that none is in another's way. */
const REALMS = ['realm1', 'realm2', 'realm3', 'realm4'] as const;

const ACTIONS = ['publish', 'subscribe', 'call', 'register', 'enqueue', 'consume'] as const;
const RIGHTS: readonly Right[] = ['publish', 'subscribe', 'call', 'register', 'consume'];
const RULE_WORDS = ['a', 'b', 'wamp', 'user', 'queue', 'one', '{authid}', '*', '#', '#'];
const WORDS = ['a', 'b', 'a', 'b', 'wamp', 'wampum', 'user', 'queue', 'one'];

let authorizer: RolesAuthorizer;
let options: RouterOptions;
let server: TestServer | undefined;
const applications = new NestTestBed();
const doors: Door[] = [];

beforeEach(() => {
  authorizer = roles({});
  const subprotocols = [stomp({ softErrors: 'offer' }), wamp()];
  options = { authorizer, authenticator: letIn(PRINCIPALS), subprotocols, realms: REALMS };
});
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
  await server?.stop();
  server = undefined;
  await applications.end();
});

/** The four ways in, for one principal. */
async function doorsOf(
  { url, router }: TestServer,
  principal: Principal,
  at: number,
): Promise<readonly Door[]> {
  const realm = REALMS[at]!;
  const made = [
    await StompDoor.open(url, principal.authid, realm),
    await WampDoor.open(url, principal.authid, realm),
    new LocalDoor(router.connect({ realm, principal })),
    new LocalDoor(new MangroveClient(() => router.connect({ realm, principal }))),
  ];
  doors.push(...made);
  return made;
}

/** The same for an application that acts as this principal, with the client that is injected there. */
async function doorsOfApplication(principal: Principal): Promise<readonly Door[]> {
  const { app, url } = await applications.start({ options: { ...options, principal } });
  const [realm] = REALMS;
  const router = app.get<Router>(MANGROVE_ROUTER, { strict: false });
  const made = [
    await StompDoor.open(url, principal.authid, realm),
    await WampDoor.open(url, principal.authid, realm),
    new LocalDoor(router.connect({ principal })),
    new LocalDoor(app.get(MangroveClient, { strict: false })),
  ];
  doors.push(...made);
  return made;
}

/** The verdicts of all doors. Procedures are registered one after the other: there is one of each. */
async function askAll(ways: readonly Door[], wish: Wish): Promise<(string | undefined)[]> {
  if (wish.action !== 'register') return Promise.all(ways.map((door) => door.ask(wish)));
  const said: (string | undefined)[] = [];
  for (const door of ways) said.push(await door.ask(wish));
  return said;
}

function drawRules(draw: (below: number) => number): RolesOptions {
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!;
  const rule = (): AccessRule => {
    const match = Array.from({ length: 1 + draw(4) }, () => pick(RULE_WORDS)).join('.');
    const rights = [...new Set([pick(RIGHTS), pick(RIGHTS), pick(RIGHTS)])];
    return draw(6) === 0 ? { match, deny: rights } : { match, allow: rights };
  };
  const many = (): AccessRule[] => Array.from({ length: 1 + draw(6) }, rule);
  return {
    everyone: draw(2) === 0 ? [] : many(),
    roles: [
      { role: 'even', rules: many() },
      { role: 'odd', rules: many() },
    ],
    patterns: pick(['contained', 'contained', 'filtered', 'refused']),
  };
}

function drawWish(draw: (below: number) => number): Wish {
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!;
  const words = (length: number, from: readonly string[]): string =>
    Array.from({ length }, () => pick(from)).join('.');
  const action = pick(ACTIONS);
  const user = `user.${pick(['one', 'two'])}.queue.a`;
  switch (action) {
    // Different ones, so that nothing waits for who consumes.
    case 'enqueue':
      return { action, name: words(1 + draw(2), ['a', 'b']) };
    case 'consume':
      return { action, name: words(1 + draw(2), ['one', 'user']) };
    case 'call':
      return { action, name: draw(4) === 0 ? 'wamp.session.count' : words(1 + draw(3), WORDS) };
    case 'publish':
      return { action, name: draw(5) === 0 ? user : words(1 + draw(3), WORDS) };
    case 'register':
      // What WAMP clients register there is a consumer.
      return { action, name: words(1 + draw(3), WORDS).replace(/^queue/, 'a') };
    case 'subscribe': {
      const match = pick(['exact', 'exact', 'prefix', 'wildcard', 'multi'] as const);
      const length = 1 + draw(3);
      if (match === 'exact') return { action, match, name: draw(5) === 0 ? user : words(length, WORDS) };
      if (match === 'prefix') return { action, match, name: words(length, WORDS) + pick(['', '.']) };
      if (match === 'wildcard') return { action, match, name: `${words(length, WORDS)}.${pick(['', '.a'])}` };
      return { action, match, name: `${words(length, [...WORDS, ''])}.#` };
    }
  }
}

/** How many wishes were granted, and how many were not. */
interface Verdicts {
  yes: number;
  no: number;
}

/** Has one principal wish so many things under one set of rules; all doors have to say the same. */
async function judge(
  ways: readonly Door[],
  draw: (below: number) => number,
  rules: RolesOptions,
  verdicts: Verdicts,
): Promise<void> {
  for (let count = 0; count < WISHES; count += 1) {
    const wish = drawWish(draw);
    const said = await askAll(ways, wish);
    const told = new Set(said.filter((answer) => answer !== undefined));
    if (told.size !== 1) throw new Error(`seed ${SEED}: ${JSON.stringify({ wish, said, rules })}`);
    verdicts[told.has('wamp.error.not_authorized') ? 'no' : 'yes'] += 1;
  }
}

describe('one right, whichever door', () => {
  it('X6 Z1: ten thousand wishes have the same verdict through STOMP, WAMP, a local client and the client of Nest', async () => {
    const draw = numbers(SEED);
    const started = (server = await startTestServer(options));
    const ways = await Promise.all(PRINCIPALS.map((principal, at) => doorsOf(started, principal, at)));
    const verdicts = { yes: 0, no: 0 };
    for (let set = 0; set < RULE_SETS; set += 1) {
      const rules = drawRules(draw);
      authorizer.replace(rules);
      await Promise.all(ways.map((each) => judge(each, draw, rules, verdicts)));
    }
    expect(verdicts.yes + verdicts.no).toBe(10_000);
    expect(verdicts.yes).toBeGreaterThan(1000);
    expect(verdicts.no).toBeGreaterThan(1000);
  }, 120_000);

  it('X6 Z1: a thousand wishes have the same verdict through the client that a Nest application is given, and the others', async () => {
    const draw = numbers(SEED);
    const ways = await doorsOfApplication(PRINCIPALS[0]!);
    const verdicts = { yes: 0, no: 0 };
    for (let set = 0; set < NEST_RULE_SETS; set += 1) {
      const rules = drawRules(draw);
      authorizer.replace(rules);
      await judge(ways, draw, rules, verdicts);
    }
    expect(verdicts.yes + verdicts.no).toBe(1000);
    expect(verdicts.yes).toBeGreaterThan(100);
    expect(verdicts.no).toBeGreaterThan(100);
  }, 120_000);
});
