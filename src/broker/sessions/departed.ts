import type { Principal } from '../ports/authenticator.js';
import type { Instrumentation } from '../ports/instrumentation.js';
import type { Testament, Testaments } from './testaments.js';

/** Who has left: an attachment. */
interface Testator {
  readonly principal: Principal;
  readonly rights: { outdated(): void };
  readonly testaments: Testaments;
}

/** What testaments are sent with. */
export interface DepartedParts {
  readonly instrumentation: Instrumentation;
  run(change: () => void): void;
}

/** Sends what sessions have left that hold nothing any more, and knows whose authorizer has yet to answer. */
export class Departed<T extends Testator> {
  readonly #waiting = new Set<T>();

  /** @param publish publishes in the name of a session that has ended. False if the event was to be kept, and cannot be. */
  constructor(
    private readonly parts: DepartedParts,
    private readonly publish: (from: T, testament: Testament, trustlevel: number | undefined) => boolean,
  ) {}

  /** Within a run. */
  execute(who: T): void {
    const { parts } = this;
    const refused = (): void => parts.instrumentation.count('testaments_refused');
    const waiting = who.testaments.execute({
      publish: (testament, { trustlevel }) => {
        if (!this.publish(who, testament, trustlevel)) refused();
      },
      refused,
      run: (change) => parts.run(change),
    });
    if (waiting === undefined) return;
    this.#waiting.add(who);
    void waiting.then(() => this.#waiting.delete(who));
  }

  /** Rules have changed: what was asked for before has to be asked again. */
  outdated(affects: (principal: Principal) => boolean): void {
    for (const who of this.#waiting) if (affects(who.principal)) who.rights.outdated();
  }
}
