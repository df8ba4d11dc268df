import type { Errors, Wampy } from 'wampy';
import { Mailbox } from '../../support/mailbox.js';
import { joinWampy } from '../wampy-client.js';
import type { Answer, Args, Asked, Call, Dict, FeatureClient, Heard, Result, Serializer } from './client.js';
import { Refusal } from './client.js';

/** Joins `realm1` with wampy. */
export async function joinWithWampy(
  url: string,
  serializer: Serializer,
  authid: string,
): Promise<FeatureClient> {
  return new WampyFeatures(await joinWampy(url, serializer, authid));
}

interface Received {
  readonly details: Dict;
  readonly argsList?: Args;
  readonly argsDict?: Dict;
}

class WampyFeatures implements FeatureClient {
  readonly session: number;
  readonly gone: Promise<unknown>;

  constructor(private readonly wampy: Wampy) {
    this.session = wampy.getSessionId()!;
    this.gone = new Promise((gone) => wampy.setOptions({ onClose: () => gone(true) }));
  }

  async subscribe(topic: string, options?: Dict): ReturnType<FeatureClient['subscribe']> {
    const events = new Mailbox<Heard>();
    const { subscriptionId: id, subscriptionKey } = await refusable(
      this.wampy.subscribe(topic, (event) => events.put(heardOf(event)), options),
    );
    return { id, events, end: () => this.wampy.unsubscribe(subscriptionKey) };
  }

  async publish(topic: string, args?: Args, kwargs?: Dict, options?: Dict): Promise<void> {
    await refusable(this.wampy.publish(topic, payloadOf({ args, kwargs }), options));
  }

  async register(
    procedure: string,
    endpoint: (asked: Asked) => Result | Promise<Result>,
    options?: Dict,
  ): ReturnType<FeatureClient['register']> {
    const answered = async (invocation: Received): Promise<{ argsList: unknown[]; argsDict: Dict }> => {
      try {
        return payloadOf(await endpoint({ ...heardOf(invocation), progress: undefined }));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw Object.assign(error, { error: error.uri, argsList: error.args, argsDict: error.kwargs });
      }
    };
    const { registrationId: id } = await refusable(this.wampy.register(procedure, answered, options));
    return { id, end: () => this.wampy.unregister(procedure) };
  }

  call(procedure: string, args?: Args, kwargs?: Dict, options: Dict = {}): Call {
    const progress = new Mailbox<Args>();
    const { receive_progress: wanted, ...others } = options;
    const pending = this.wampy.call(procedure, payloadOf({ args, kwargs }), {
      ...others,
      ...(wanted === true && { progress_callback: ({ argsList = [] }) => progress.put(argsList) }),
    });
    const { reqId } = this.wampy.getOpStatus();
    const answer = pending.then(answerOf, failureOf);
    return { answer, progress, cancel: (mode) => void this.wampy.cancel(reqId, { mode }) };
  }

  async leave(): Promise<void> {
    if (this.wampy.getSessionId() === null) return;
    await this.wampy.disconnect();
  }
}

function payloadOf({ args = [], kwargs = {} }: { args?: Args | undefined; kwargs?: Dict | undefined }): {
  argsList: unknown[];
  argsDict: Dict;
} {
  return { argsList: [...args], argsDict: kwargs };
}

function heardOf({ details, argsList = [], argsDict = {} }: Received): Heard {
  return { args: argsList, kwargs: argsDict, details };
}

function answerOf({ argsList = [], argsDict = {} }: Partial<Received>): Answer {
  return { args: argsList, kwargs: argsDict };
}

function failureOf(error: unknown): Answer {
  const { uri, args, kwargs } = refusalOf(error);
  return { error: uri, args, kwargs };
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Error) || !('errorUri' in error)) throw error;
  const { errorUri, argsList, argsDict } = error as Errors.CallError;
  return new Refusal(String(errorUri), argsList ?? [], argsDict ?? {});
}

async function refusable<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    throw refusalOf(error);
  }
}
