import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { CallModel } from '../../../test/support/call-model.js';
import type { ModelCallee } from '../../../test/support/call-model.js';
import { NOTHING_HELD } from '../../../test/support/nothing-held.js';
import type { TestServices, Told } from '../../testing/index.js';
import { RecordingEndpoint, testServices } from '../../testing/index.js';
import type { Broker, CancelMode, EndpointFeatures, Invocation, InvocationPolicy } from '../index.js';
import { Payload } from '../index.js';

/** `npm run test:races` sets it to 100 000. */
const SCHEDULES = Number(process.env['MANGROVE_SCHEDULES'] ?? 1000);

jest.setTimeout(3_600_000);

const CALLEES = 3;
/** Stands for the callee that has the call. */
const HOLDER = CALLEES;
const ANSWER = { payload: Payload.empty };

type Act =
  | {
      readonly do: 'call';
      readonly timeoutMs: number;
      readonly wantsProgress: boolean;
      readonly progressive: boolean;
    }
  | {
      readonly do: 'answer';
      readonly which: number;
      readonly by: number;
      readonly what: 'result' | 'progress' | 'failed' | 'unavailable' | 'decline';
    }
  | { readonly do: 'more'; readonly which: number; readonly isLast: boolean }
  | { readonly do: 'cancel'; readonly which: number; readonly mode: CancelMode }
  | {
      readonly do: 'register';
      readonly by: number;
      readonly policy: InvocationPolicy;
      readonly concurrency: number;
      readonly takeOver: boolean;
    }
  | { readonly do: 'unregister' | 'calleeLeaves'; readonly by: number }
  | { readonly do: 'callerLeaves' };

/** Acts in one turn of the broker, as if all of them had been said before the first is heard; or a time that passes. */
type Step = { readonly together: readonly Act[] } | { readonly waitMs: number };

const by = fc.nat(CALLEES - 1);
/** Counted from the latest call back: races are about those. */
const which = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      timeoutMs: fc.constantFrom(500, 1500, 5500),
      wantsProgress: fc.boolean(),
      progressive: fc.boolean(),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which,
      by: fc.oneof({ weight: 3, arbitrary: fc.constant(HOLDER) }, { weight: 1, arbitrary: by }),
      what: fc.constantFrom('result', 'progress', 'failed', 'unavailable', 'unavailable', 'decline'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('more' as const), which, isLast: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      which,
      mode: fc.constantFrom('skip', 'kill', 'killnowait'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('register' as const),
      by,
      policy: fc.constantFrom('roundrobin', 'roundrobin', 'roundrobin', 'first', 'last', 'single'),
      concurrency: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
      takeOver: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('unregister', 'calleeLeaves'), by }) },
  { weight: 1, arbitrary: fc.constant({ do: 'callerLeaves' as const }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ together: fc.array(act, { minLength: 1, maxLength: 1 }) }) },
  { weight: 2, arbitrary: fc.record({ together: fc.array(act, { minLength: 2, maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ waitMs: fc.constantFrom(1000, 2000) }) },
);
const features: fc.Arbitrary<EndpointFeatures> = fc.record({
  callCanceling: fc.boolean(),
  progressiveResults: fc.boolean(),
  progressiveInvocations: fc.boolean(),
  callReroute: fc.constantFrom('always' as const, 'shared' as const),
});

/** The broker and the model side by side. */
class World {
  readonly #services: TestServices = testServices();
  readonly #broker: Broker = this.#services.realms.find('realm1')!;
  readonly #model = new CallModel();
  /** Rings inside a run of the broker. */
  readonly #bell = new RecordingEndpoint(this.#broker);
  readonly #callees: { real: RecordingEndpoint; model: ModelCallee }[];
  #caller = { real: new RecordingEndpoint(this.#broker), model: { detached: false } };
  #requests: object[] = [];
  readonly #numbers = new Map<object, number>();
  readonly #invocations = new Map<number, Invocation>();
  readonly #finals = new Map<number, number>();

  constructor(private readonly features: readonly EndpointFeatures[]) {
    this.#callees = features.map((each, at) => this.#calleeWith(each, at));
    for (const callee of this.#callees.slice(0, 2)) {
      callee.real.attachment.register({}, { pattern: PATTERN, policy: 'roundrobin' });
      this.#model.register(callee.model, 'roundrobin', Number.POSITIVE_INFINITY, false);
    }
    this.#compare();
  }

  take(one: Step): void {
    if ('waitMs' in one) {
      this.#services.clock.advance(one.waitMs);
      this.#model.wait(one.waitMs);
    } else {
      const modelled: (() => void)[] = [];
      this.#bell.react = () => {
        for (const each of one.together) this.#perform(each, modelled);
      };
      this.#bell.attachment.call({}, { procedure: 'none', payload: Payload.empty });
      for (const each of modelled) each();
    }
    this.#compare();
  }

  end(): void {
    this.take({ waitMs: 10_000 });
    this.#caller.real.attachment.detach();
    this.#bell.attachment.detach();
    for (const { real } of this.#callees) real.attachment.detach();
    expect(this.#broker.stats).toEqual(NOTHING_HELD);
    expect(this.#services.clock.pending).toBe(0);
    for (const request of this.#requests) expect(this.#finals.get(this.#numbers.get(request)!)).toBe(1);
  }

  #calleeWith(each: EndpointFeatures, at: number): { real: RecordingEndpoint; model: ModelCallee } {
    const real = new RecordingEndpoint(this.#broker, each);
    return { real, model: { name: `callee ${at}`, features: each, detached: false } };
  }

  /** Does it, and notes what the model has to do when all that is said together has been said. */
  #perform(one: Act, modelled: (() => void)[]): void {
    const model = this.#model;
    const caller = this.#caller;
    const request = 'which' in one ? this.#requests.at(-1 - one.which) : undefined;
    const number = request === undefined ? undefined : this.#numbers.get(request);
    const callee = 'by' in one ? (this.#callees[one.by] ?? this.#holderOf(number)) : undefined;
    if (one.do === 'call') {
      const made = {};
      const id = this.#numbers.size;
      this.#requests.push(made);
      this.#numbers.set(made, id);
      const { timeoutMs, wantsProgress: receiveProgress, progressive } = one;
      const headers = new Map([['id', String(id)]]);
      const command = {
        procedure: 'p',
        payload: Payload.empty,
        headers,
        timeoutMs,
        receiveProgress,
        progressive,
      };
      caller.real.attachment.call(made, command);
      modelled.push(() => model.call(caller.model, id, one));
    } else if (one.do === 'callerLeaves') {
      caller.real.attachment.detach();
      caller.model.detached = true;
      this.#caller = { real: new RecordingEndpoint(this.#broker), model: { detached: false } };
      this.#requests = [];
      modelled.push(() => model.callerLeaves(caller.model));
    } else if (request !== undefined && number !== undefined && one.do === 'cancel') {
      caller.real.attachment.cancel(request, one.mode);
      modelled.push(() => model.cancel(number, one.mode));
    } else if (request !== undefined && number !== undefined && one.do === 'more') {
      caller.real.attachment.callMore(request, { payload: Payload.empty, progressive: !one.isLast });
      modelled.push(() => model.more(number, one.isLast));
    } else if (callee !== undefined) this.#performAs(callee, one, number, modelled);
  }

  #holderOf(number: number | undefined): { real: RecordingEndpoint; model: ModelCallee } | undefined {
    const invocation = number === undefined ? undefined : this.#invocations.get(number);
    return this.#callees.find(({ real }) => real.attachment === invocation?.registration.callee);
  }

  #performAs(
    { real, model: callee }: { readonly real: RecordingEndpoint; readonly model: ModelCallee },
    one: Act,
    number: number | undefined,
    modelled: (() => void)[],
  ): void {
    const model = this.#model;
    const { attachment } = real;
    switch (one.do) {
      case 'answer': {
        const invocation = number === undefined ? undefined : this.#invocations.get(number);
        if (number === undefined || invocation === undefined) return;
        if (one.what === 'result' || one.what === 'progress')
          attachment.yield(invocation, ANSWER, one.what === 'progress');
        else if (one.what === 'decline')
          attachment.decline(invocation, { code: 'callee_unavailable', reason: '' });
        else attachment.fail(invocation, one.what === 'failed' ? 'x.y' : 'wamp.error.unavailable', ANSWER);
        modelled.push(() => model.answer(callee, number, one.what));
        return;
      }
      case 'register': {
        const { policy, concurrency, takeOver } = one;
        attachment.register({}, { pattern: PATTERN, policy, concurrency, takeOver });
        modelled.push(() => model.register(callee, policy, concurrency, takeOver));
        return;
      }
      case 'unregister': {
        const [registration] = attachment.registrations;
        attachment.unregister({}, registration);
        // It names the share that it has now: another one, of a moment later, is not meant.
        const share = model.shareOf(callee);
        modelled.push(() => model.unregister(callee, share));
        return;
      }
      case 'calleeLeaves': {
        const at = this.#callees.findIndex((each) => each.real === real);
        attachment.detach();
        callee.detached = true;
        this.#callees[at] = this.#calleeWith(this.features[at]!, at);
        modelled.push(() => model.calleeLeaves(callee));
      }
    }
  }

  #compare(): void {
    const all = [this.#caller, ...this.#callees];
    const told = all.map(({ real }) => real.told.splice(0).map((each) => this.#textOf(each)));
    expect(told).toEqual(all.map(({ model }) => this.#model.log.get(model) ?? []));
    this.#model.log.clear();
  }

  #textOf(told: Told): string {
    switch (told.kind) {
      case 'invoked':
        this.#invocations.set(numberOf(told.invocation), told.invocation);
        return `invoked ${numberOf(told.invocation)}`;
      case 'invoked more':
        return `more ${numberOf(told.invocation)}`;
      case 'interrupted':
        return `${told.mode} ${numberOf(told.invocation)}`;
      case 'answered': {
        const { outcome } = told;
        const words = outcome.kind === 'refused' ? `refused ${outcome.code}` : outcome.kind;
        const id = this.#numbers.get(told.request);
        if (id === undefined) return words;
        if (outcome.kind !== 'progress') this.#finals.set(id, (this.#finals.get(id) ?? 0) + 1);
        return `${id} ${words}`;
      }
      default:
        return told.kind;
    }
  }
}

const PATTERN = { match: 'exact', text: 'p' } as const;

function numberOf(invocation: Invocation): number {
  return Number(invocation.headers?.get('id'));
}

describe('calls, by random schedules against a model,', () => {
  it(`P13 P14 P15 WAMP-79: get exactly one final answer each, and what the model says (${SCHEDULES} schedules)`, () => {
    fc.assert(
      fc.property(
        fc.array(features, { minLength: CALLEES, maxLength: CALLEES }),
        fc.array(step, { maxLength: 30 }),
        (callees, steps) => {
          const world = new World(callees);
          for (const one of steps) world.take(one);
          world.end();
        },
      ),
      { numRuns: SCHEDULES },
    );
  });
});
