import autobahn from 'autobahn';
import { Mailbox } from '../../support/mailbox.js';
import { AutobahnClient } from '../autobahn-client.js';
import type { Answer, Args, Asked, Call, Dict, FeatureClient, Heard, Result, Serializer } from './client.js';
import { Refusal } from './client.js';

/** Joins `realm1` with AutobahnJS. */
export async function joinWithAutobahn(
  url: string,
  serializer: Serializer,
  authid: string,
): Promise<FeatureClient> {
  return new AutobahnFeatures(await AutobahnClient.join(url, serializer, 'realm1', authid));
}

class AutobahnFeatures implements FeatureClient {
  readonly session: number;
  readonly gone: Promise<unknown>;

  constructor(private readonly client: AutobahnClient) {
    this.session = client.session.id;
    this.gone = client.ended;
  }

  async subscribe(topic: string, options: Dict = {}): ReturnType<FeatureClient['subscribe']> {
    const { session } = this.client;
    const events = new Mailbox<Heard>();
    const subscription = await refusable(
      session.subscribe(
        topic,
        (args, kwargs, details) => events.put({ args, kwargs, details: { ...details } }),
        options,
      ),
    );
    return { id: subscription.id, events, end: () => session.unsubscribe(subscription) };
  }

  async publish(topic: string, args?: Args, kwargs?: Dict, options?: Dict): Promise<void> {
    await refusable(this.client.session.publish(topic, args, kwargs, { ...options, acknowledge: true })!);
  }

  async register(
    procedure: string,
    endpoint: (asked: Asked) => Result | Promise<Result>,
    options: Dict = {},
  ): ReturnType<FeatureClient['register']> {
    const { session } = this.client;
    const registration = await refusable(
      session.register(
        procedure,
        (args, kwargs, details) => answered(endpoint, args, kwargs, details),
        options,
      ),
    );
    return { id: registration.id, end: () => refusable(session.unregister(registration)) };
  }

  call(procedure: string, args?: Args, kwargs?: Dict, options: Dict = {}): Call {
    const pending = this.client.session.call(procedure, args, kwargs, options);
    const progress = new Mailbox<Args>();
    const answer = pending.then(resultOf, failureOf, (step) => progress.put(resultOf(step).args));
    return { answer, progress, cancel: (mode) => pending.cancel({ mode }) };
  }

  async leave(): Promise<void> {
    await this.client.leave();
    const [violation] = this.client.violations;
    if (violation !== undefined) throw new Error(`AutobahnJS found a violation: ${String(violation)}`);
  }
}

async function answered(
  endpoint: (asked: Asked) => Result | Promise<Result>,
  args: Args,
  kwargs: Dict,
  { progress, ...details }: autobahn.Invocation,
): Promise<autobahn.Result> {
  try {
    const asked = { args, kwargs, details, progress: progress ?? undefined };
    const result = await endpoint(asked);
    return new autobahn.Result(result.args, result.kwargs);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new autobahn.Error(error.uri, error.args, error.kwargs);
  }
}

/** AutobahnJS unwraps a result of one argument. */
function resultOf(result: unknown): Answer {
  if (result instanceof autobahn.Result) return { args: result.args, kwargs: result.kwargs };
  return { args: result === null ? [] : [result], kwargs: {} };
}

function failureOf(error: unknown): Answer {
  if (!(error instanceof autobahn.Error)) throw error;
  // It does not wait for the ERROR of a call that it cancels (except with `kill`), and makes up one.
  const uri = error.error === 'Cancelled' ? 'wamp.error.canceled' : error.error;
  return { error: uri, args: error.args, kwargs: error.kwargs };
}

async function refusable<T>(attempt: PromiseLike<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    if (!(error instanceof autobahn.Error)) throw error;
    throw new Refusal(error.error, error.args, error.kwargs);
  }
}
