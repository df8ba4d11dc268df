import type { TransportLimits } from './limits.js';

interface Tally {
  all: number;
  pending: number;
}

/** The place of one socket in the counts. */
export interface Slot {
  /** The socket has a session now. */
  establish(): void;
  /** The socket is gone. Releasing twice does nothing. */
  release(): void;
}

/** Counts sockets: in all, per address, and without a session. */
export class Registry {
  #all = 0;
  #pending = 0;
  /** address → its sockets */
  readonly #addresses = new Map<string, Tally>();

  constructor(private readonly limits: TransportLimits) {}

  /** Sockets in all. */
  get size(): number {
    return this.#all;
  }

  /** Sockets without a session. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes a place for a socket without a session; a text that names the limit if there is none. */
  take(address: string): Slot | string {
    const tally = this.#addresses.get(address) ?? { all: 0, pending: 0 };
    const { limits } = this;
    if (this.#all >= limits.maxConnections) return 'maxConnections';
    if (tally.all >= limits.maxConnectionsPerAddress) return 'maxConnectionsPerAddress';
    if (this.#pending >= limits.maxPendingConnections) return 'maxPendingConnections';
    if (tally.pending >= limits.maxPendingConnectionsPerAddress) return 'maxPendingConnectionsPerAddress';
    this.#addresses.set(address, tally);
    this.#add(tally, 1, 1);
    return this.#slot(address, tally);
  }

  #slot(address: string, tally: Tally): Slot {
    let pending = 1;
    let held = 1;
    return {
      establish: () => {
        this.#add(tally, 0, -pending);
        pending = 0;
      },
      release: () => {
        this.#add(tally, -held, -pending);
        pending = 0;
        held = 0;
        if (tally.all === 0 && this.#addresses.get(address) === tally) this.#addresses.delete(address);
      },
    };
  }

  #add(tally: Tally, all: number, pending: number): void {
    this.#all += all;
    tally.all += all;
    this.#pending += pending;
    tally.pending += pending;
  }
}
