import { Mailbox } from '../../support/mailbox.js';
import type { Answer, Asked, FeatureClient, Result } from './client.js';
import { Refusal, outcomeOf } from './client.js';
import type { FeatureBed } from './scenarios.js';

/** What real clients do with procedures. */
export const CALL_SCENARIOS = {
  calls,
  errors,
  registrations,
  'patterns of procedures': procedurePatterns,
  'shared procedures': sharedProcedures,
  concurrency,
  'taking over': takingOver,
  'progressive results': progressiveResults,
  'canceling: skip': (bed: FeatureBed) => canceling(bed, 'skip'),
  'canceling: kill': (bed: FeatureBed) => canceling(bed, 'kill'),
  'canceling: killnowait': (bed: FeatureBed) => canceling(bed, 'killnowait'),
  'time-outs': timeOuts,
  'caller disclosure': callerDisclosure,
  'lost callees': lostCallees,
} satisfies Record<string, (bed: FeatureBed) => Promise<unknown>>;

/** Results of none, one and several arguments, and keywords. */
async function calls(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  await bob.register('com.example.echo', ({ args, kwargs }) => ({ args, kwargs }));
  return [
    await alice.call('com.example.echo').answer,
    await alice.call('com.example.echo', [{ deep: [1] }]).answer,
    await alice.call('com.example.echo', [1, 'two'], { three: [3] }).answer,
  ];
}

/** An error's URI and arguments come to the caller. */
async function errors(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  await bob.register('com.example.fail', () => {
    throw new Refusal('com.example.error.overflow', ['too big', 7], { limit: 5 });
  });
  const missing = await alice.call('com.example.nobody').answer;
  return [await alice.call('com.example.fail').answer, missing.error];
}

/** A procedure is one callee's until it is unregistered. */
async function registrations(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const mine = await bob.register('com.example.mine', () => ({ args: ['bob'] }));
  const refused = await outcomeOf(alice.register('com.example.mine', () => ({})));
  const before = await alice.call('com.example.mine').answer;
  await mine.end();
  const after = await alice.call('com.example.mine').answer;
  const taken = await outcomeOf(alice.register('com.example.mine', () => ({})));
  return [refused, before.args, after.error, taken];
}

/** The best match is called, and is told what was called. */
async function procedurePatterns(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const named =
    (name: string) =>
    ({ details }: Asked): Result => ({ args: [`${name}: ${String(details['procedure'] ?? 'itself')}`] });
  await bob.register('com.example.exact', named('exact'));
  await bob.register('com.ex', named('prefix'), { match: 'prefix' });
  await bob.register('com..wild', named('wildcard'), { match: 'wildcard' });
  const answers: unknown[] = [];
  for (const procedure of ['com.example.exact', 'com.example.wild', 'com.other.wild']) {
    answers.push(...(await alice.call(procedure).answer).args);
  }
  // Whether a client adds the name of its own registration is its affair.
  return answers.map((answer) => String(answer).replace('exact: itself', 'exact: com.example.exact'));
}

/** Two callees take turns, or the first or the last one has all; other policies are refused. */
async function sharedProcedures(bed: FeatureBed): Promise<unknown> {
  const [alice, bob, carol] = [await bed.join('alice'), await bed.join('bob'), await bed.join('carol')];
  const answers: Record<string, unknown[]> = {};
  for (const invoke of ['roundrobin', 'first', 'last', 'random']) {
    const procedure = `com.example.${invoke}`;
    await bob.register(procedure, () => ({ args: ['bob'] }), { invoke });
    await carol.register(procedure, () => ({ args: ['carol'] }), { invoke });
    answers[invoke] = [];
    for (let n = 0; n < 4; n += 1) answers[invoke].push(...(await alice.call(procedure).answer).args);
  }
  const random = answers['random']?.every((name) => name === 'bob' || name === 'carol');
  const options = { invoke: 'roundrobin' };
  const refused = await outcomeOf(alice.register('com.example.last', () => ({}), options));
  return { ...answers, random, refused };
}

/** A busy callee is passed over. */
async function concurrency(bed: FeatureBed): Promise<unknown> {
  const [alice, bob, carol] = [await bed.join('alice'), await bed.join('bob'), await bed.join('carol')];
  const options = { invoke: 'first', concurrency: 1 };
  const slow = await registerSlow(bob, 'com.example.busy', options);
  await carol.register('com.example.busy', () => ({ args: ['carol'] }), options);
  const first = alice.call('com.example.busy');
  const answer = await slow.take();
  const second = await alice.call('com.example.busy').answer;
  answer({ args: ['bob'] });
  return [(await first.answer).args, second.args];
}

/** A session of the same name takes a procedure over, as after a crash. */
async function takingOver(bed: FeatureBed): Promise<unknown> {
  const [alice, stale, fresh] = [await bed.join('alice'), await bed.join('bob'), await bed.join('bob')];
  await stale.register('com.example.mine', () => ({ args: ['stale'] }));
  const refused = await outcomeOf(fresh.register('com.example.mine', () => ({})));
  await fresh.register('com.example.mine', () => ({ args: ['fresh'] }), { force_reregister: true });
  return [refused, (await alice.call('com.example.mine').answer).args];
}

/** Progress comes in order, before the result. wampy's callees cannot report it. */
async function progressiveResults(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob', 'autobahn')];
  await bob.register('com.example.count', ({ args: [to], progress }) => {
    for (let n = 1; n < Number(to); n += 1) progress?.([n]);
    return { args: [progress === undefined ? 'unasked' : 'done'] };
  });
  const call = alice.call('com.example.count', [4], {}, { receive_progress: true });
  const { args } = await call.answer;
  const unasked = await alice.call('com.example.count', [4]).answer;
  return [call.progress.left, args, unasked.args];
}

/** A canceled call ends at once for its caller; a late answer of a callee that cannot be interrupted goes nowhere. */
async function canceling(bed: FeatureBed, mode: 'skip' | 'kill' | 'killnowait'): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const slow = await registerSlow(bob, 'com.example.slow');
  await bob.register('com.example.ready', () => ({ args: ['ready'] }));
  const call = alice.call('com.example.slow');
  const answer = await slow.take();
  call.cancel(mode);
  const { error } = await call.answer;
  // AutobahnJS calls it over before the router has heard: a result that crosses CANCEL would cost it its connection.
  await alice.call('com.example.ready').answer;
  answer({ args: ['too late'] });
  return [error, (await alice.call('com.example.ready').answer).args];
}

/** The router ends a call whose time is over. */
async function timeOuts(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const slow = await registerSlow(bob, 'com.example.slow');
  const call = alice.call('com.example.slow', [], {}, { timeout: 100 });
  const answer = await slow.take();
  const { error } = await call.answer;
  answer({});
  return error;
}

/** A caller is named if it wants that. */
async function callerDisclosure(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  await bob.register('com.example.who', ({ details }) => ({
    args: [
      details['caller'] === alice.session,
      details['caller_authid'] ?? null,
      details['caller_authrole'] ?? null,
    ],
  }));
  const unnamed = await alice.call('com.example.who').answer;
  const named = await alice.call('com.example.who', [], {}, { disclose_me: true }).answer;
  return [unnamed.args, named.args];
}

/** A call ends with its callee. */
async function lostCallees(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const slow = await registerSlow(bob, 'com.example.slow');
  const call = alice.call('com.example.slow');
  await slow.take();
  await bob.leave();
  return (await call.answer).error;
}

/** Registers a procedure that answers when it is told to: by what can be taken here. */
async function registerSlow(
  client: FeatureClient,
  procedure: string,
  options?: Record<string, unknown>,
): Promise<Mailbox<(answer: Partial<Answer>) => void>> {
  const invocations = new Mailbox<(answer: Partial<Answer>) => void>();
  const endpoint = (): Promise<Result> => new Promise((answer) => invocations.put(answer));
  await client.register(procedure, endpoint, options);
  return invocations;
}
