import { Store } from '../store';
import type { ShownStompFrame } from '../wire/stomp-frame';

/** What stands in the log of a client. */
export type LoggedContent =
  | { readonly kind: 'stomp'; readonly frame: ShownStompFrame }
  | { readonly kind: 'wamp'; readonly name: string; readonly message: unknown; readonly octets?: Uint8Array }
  | { readonly kind: 'heart-beat' }
  | { readonly kind: 'note'; readonly text: string };

/** One line of the log. */
export interface Logged {
  readonly number: number;
  readonly at: Date;
  /** Seen from the client. */
  readonly direction: 'sent' | 'received' | 'none';
  readonly content: LoggedContent;
}

/** What the log shows. */
export interface LogView {
  readonly entries: readonly Logged[];
  readonly paused: boolean;
  /** How many came since it was paused. */
  readonly missed: number;
}

/** So many entries are kept; the oldest leave. */
export const LOG_LENGTH = 200;

/** The frames of one client, newest last. While it is paused they are kept, but not shown. */
export class FrameLog {
  readonly view = new Store<LogView>({ entries: [], paused: false, missed: 0 });
  #entries: readonly Logged[] = [];
  #number = 0;
  #due = false;

  add(direction: Logged['direction'], content: LoggedContent): void {
    this.#number += 1;
    const entry = { number: this.#number, at: new Date(), direction, content };
    this.#entries = [...this.#entries.slice(1 - LOG_LENGTH), entry];
    const { view } = this;
    if (view.value.paused) view.set({ ...view.value, missed: view.value.missed + 1 });
    else this.#showSoon();
  }

  note(text: string): void {
    this.add('none', { kind: 'note', text });
  }

  pause(paused: boolean): void {
    this.view.set({ entries: paused ? this.view.value.entries : this.#entries, paused, missed: 0 });
  }

  clear(): void {
    this.#entries = [];
    this.view.set({ ...this.view.value, entries: [], missed: 0 });
  }

  /** Once a turn, however many frames there are. */
  #showSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => {
      this.#due = false;
      if (!this.view.value.paused) this.view.set({ entries: this.#entries, paused: false, missed: 0 });
    }, 0);
  }
}
