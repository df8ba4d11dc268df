import type {
  Attachment,
  Broker,
  CallPart,
  Consumer,
  Delivery,
  Endpoint,
  EndpointFeatures,
  Eviction,
  Invocation,
  Outcome,
  Principal,
  Publication,
  Refusal,
  Registration,
  Request,
  Subscription,
} from '../broker/index.js';

/** One thing that an endpoint was told. */
export type Told =
  | {
      readonly kind: 'delivered';
      readonly key: string;
      readonly topic: string;
      readonly publication: Publication;
    }
  | { readonly kind: 'consumed'; readonly queue: string; readonly delivery: Delivery }
  | { readonly kind: 'exhausted'; readonly consumer: Consumer }
  | { readonly kind: 'invoked'; readonly invocation: Invocation }
  | { readonly kind: 'invoked more'; readonly invocation: Invocation; readonly part: CallPart }
  | { readonly kind: 'interrupted'; readonly invocation: Invocation; readonly mode: 'kill' | 'killnowait' }
  | { readonly kind: 'answered'; readonly request: Request; readonly outcome: Outcome }
  | {
      readonly kind: 'revoked';
      readonly what: Subscription | Registration | Consumer;
      readonly why: Refusal;
    }
  | { readonly kind: 'evicted'; readonly why: Refusal };

/** An endpoint for tests: keeps everything that it is told, in order. */
export class RecordingEndpoint implements Endpoint {
  readonly told: Told[] = [];
  readonly attachment: Attachment;
  /** How many deliveries it takes before it says that it wants no more. */
  room = Number.POSITIVE_INFINITY;
  /** Called after each thing told; a test may issue commands from here. */
  react: (told: Told) => void = () => {};

  constructor(
    broker: Broker,
    readonly features: EndpointFeatures = { callCanceling: true, progressiveResults: true },
    principal: Partial<Principal> = {},
  ) {
    this.attachment = broker.attach(this, {
      authid: 'tester',
      authrole: 'user',
      authmethod: 'test',
      authprovider: 'test',
      ...principal,
    });
  }

  deliver(subscription: Subscription, publication: Publication): boolean {
    this.room -= 1;
    this.#tell({ kind: 'delivered', key: subscription.key, topic: publication.topic, publication });
    return this.room > 0;
  }

  consume(delivery: Delivery): boolean {
    this.room -= 1;
    this.#tell({ kind: 'consumed', queue: delivery.consumer.queue, delivery });
    return this.room > 0;
  }

  exhausted(consumer: Consumer): void {
    this.#tell({ kind: 'exhausted', consumer });
  }

  invoke(invocation: Invocation): void {
    this.#tell({ kind: 'invoked', invocation });
  }

  invokeMore(invocation: Invocation, part: CallPart): void {
    this.#tell({ kind: 'invoked more', invocation, part });
  }

  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait'): void {
    this.#tell({ kind: 'interrupted', invocation, mode });
  }

  answer(request: Request, outcome: Outcome): void {
    this.#tell({ kind: 'answered', request, outcome });
  }

  revoked(what: Subscription | Registration | Consumer, why: Refusal): void {
    this.#tell({ kind: 'revoked', what, why });
  }

  evict(why: Eviction): void {
    this.#tell({ kind: 'evicted', why });
  }

  /** Takes what was told so far, each as a short text such as `delivered a.b`, `consumed jobs 1`, `consumed
   * jobs 1 again` or `answered refused timeout`. */
  take(): string[] {
    return this.told.splice(0).map(textOf);
  }

  /** The messages of queues that it was given, in order, whatever became of them. */
  get deliveries(): Delivery[] {
    return this.told.flatMap((told) => (told.kind === 'consumed' ? [told.delivery] : []));
  }

  /** The consumer of that key, as it was told. */
  consumer(key: string): Consumer {
    const told = this.told.findLast(
      ({ kind, ...rest }) =>
        kind === 'answered' &&
        'outcome' in rest &&
        rest.outcome.kind === 'consuming' &&
        rest.outcome.consumer.key === key,
    );
    if (told?.kind !== 'answered' || told.outcome.kind !== 'consuming') throw new Error(`no consumer ${key}`);
    return told.outcome.consumer;
  }

  /** The last invocation that it was given. */
  get lastInvocation(): Invocation {
    const last = this.told.findLast((told) => told.kind === 'invoked');
    if (last?.kind !== 'invoked') throw new Error('nothing was invoked');
    return last.invocation;
  }

  #tell(told: Told): void {
    this.told.push(told);
    this.react(told);
  }
}

function textOf(told: Told): string {
  switch (told.kind) {
    case 'delivered':
      return `delivered ${told.topic}`;
    case 'consumed':
      return `consumed ${told.queue} ${bodyOf(told.delivery)}${told.delivery.redelivered ? ' again' : ''}`;
    case 'exhausted':
      return `exhausted ${told.consumer.queue}`;
    case 'invoked':
      return `invoked ${told.invocation.procedure}`;
    case 'invoked more':
      return `invoked more ${told.invocation.procedure}`;
    case 'interrupted':
      return `interrupted ${told.mode}`;
    case 'answered':
      return `answered ${told.outcome.kind}${told.outcome.kind === 'refused' ? ` ${told.outcome.code}` : ''}`;
    case 'revoked':
      return `revoked ${told.what.kind}`;
    case 'evicted':
      return `evicted ${told.why.code}`;
  }
}

function bodyOf({ publication }: Delivery): string {
  return Buffer.from(publication.payload.body().bytes).toString();
}
