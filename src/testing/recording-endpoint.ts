import type {
  Attachment,
  Broker,
  Endpoint,
  EndpointFeatures,
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
  | { readonly kind: 'invoked'; readonly invocation: Invocation }
  | { readonly kind: 'interrupted'; readonly invocation: Invocation; readonly mode: 'kill' | 'killnowait' }
  | { readonly kind: 'answered'; readonly request: Request; readonly outcome: Outcome }
  | { readonly kind: 'revoked'; readonly what: Subscription | Registration }
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

  invoke(invocation: Invocation): void {
    this.#tell({ kind: 'invoked', invocation });
  }

  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait'): void {
    this.#tell({ kind: 'interrupted', invocation, mode });
  }

  answer(request: Request, outcome: Outcome): void {
    this.#tell({ kind: 'answered', request, outcome });
  }

  revoked(what: Subscription | Registration): void {
    this.#tell({ kind: 'revoked', what });
  }

  evict(why: Refusal): void {
    this.#tell({ kind: 'evicted', why });
  }

  /** Takes what was told so far, each as a short text such as `delivered a.b` or `answered refused timeout`. */
  take(): string[] {
    return this.told.splice(0).map(textOf);
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
    case 'invoked':
      return `invoked ${told.invocation.procedure}`;
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
