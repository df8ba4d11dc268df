import type { Batch } from './batch.js';
import type { Refusal } from './errors.js';
import type { Outcome } from './outcome.js';
import type { KeptEvent, Past, Reservation } from './past/past.js';
import { bothOf, isRefusal } from './past/past.js';
import type { AdmittedPublish, Publication } from './publication.js';
import type { Receiver } from './queues/queue-consumer.js';
import type { QueueBatchItem, Queues } from './queues/queues.js';
import type { Request } from './request.js';

/** Who makes a batch: an attachment. */
export interface CommittingParty extends Receiver {
  /** Tells an outcome once something is safe. */
  confirm(request: Request, outcome: Outcome, safe: Promise<Refusal | undefined> | undefined): void;
}

/** What batches are made with. */
export interface CommittingParts<P> {
  readonly past: Past;
  /** Undefined if the realm keeps no queues. */
  readonly queues: Queues | undefined;
  /** What the stores make one change of; undefined: they cannot. */
  readonly together: ((ask: () => void) => void) | undefined;
  run(change: () => void): void;
  publicationOf(from: P, command: AdmittedPublish): Publication;
  /** Delivers what is published. */
  route(from: P, publication: Publication): void;
}

/** Makes the batches of one realm, once they are admitted. */
export class Committing<P extends CommittingParty> {
  constructor(private readonly parts: CommittingParts<P>) {}

  /** Returns a promise if the batch has to wait for the store. */
  commit(from: P, request: Request, batch: Batch): Promise<void> | undefined {
    let done = false;
    let resolve = (): void => {};
    this.parts.run(() =>
      this.#commit(from, request, batch, () => {
        done = true;
        resolve();
      }),
    );
    return done ? undefined : new Promise((resolved) => (resolve = resolved));
  }

  /** Makes a batch; `done` when it is made or refused. What is published is routed when the rest is safe. */
  #commit(from: P, request: Request, batch: Batch, done: () => void): void {
    if (from.detached) return done();
    const { past, queues, together } = this.parts;
    const events: KeptEvent[] = [];
    const items = batch.map((item): QueueBatchItem => {
      if (item.kind !== 'publish') return item;
      const publication = this.parts.publicationOf(from, item.command);
      events.push({ publication, retain: item.command.retain === true });
      return { kind: 'event', publication };
    });
    const reserved = past.reserve(events);
    if ('code' in reserved) {
      from.answer(request, { kind: 'refused', ...reserved });
      return done();
    }
    let kept: { readonly safe: Promise<Refusal | undefined> | undefined } | undefined;
    const keep = (): void => void (kept ??= { safe: this.#keptAll(events, reserved) });
    let isOver = false;
    const told = (fault: Refusal | undefined): void => {
      isOver = true;
      if (fault === undefined) keep();
      reserved.end();
      if (fault === undefined) {
        from.confirm(request, { kind: 'committed' }, kept?.safe);
        for (const { publication } of events) this.parts.route(from, publication);
      } else from.answer(request, { kind: 'refused', ...fault });
      done();
    };
    if (queues === undefined) told(undefined);
    else if (together === undefined || events.length === 0) queues.commit(from, items, told);
    else {
      together(() => {
        queues.commit(from, items, told);
        // It is on its way to the store: what is kept of the events goes with it.
        if (!isOver) keep();
      });
    }
  }

  /** Keeps what a batch has published, in the room that it has reserved. */
  #keptAll(events: readonly KeptEvent[], reserved: Reservation): Promise<Refusal | undefined> | undefined {
    reserved.end();
    let safe: Promise<Refusal | undefined> | undefined;
    for (const { publication, retain } of events) safe = bothOf(safe, this.#kept(publication, retain));
    return safe;
  }

  /** Keeps what a batch has published. A store that fails by now does not undo the batch, and is told in its place. */
  #kept(publication: Publication, retain: boolean): Promise<Refusal | undefined> | undefined {
    const kept = this.parts.past.keep(publication, retain);
    return isRefusal(kept) ? Promise.resolve(kept) : kept;
  }
}
