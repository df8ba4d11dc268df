import type { StompError } from './errors.js';
import { protocolError, quoted } from './errors.js';

/** Headers by name: those of a frame, or a part of them. */
interface Headers {
  get(name: string): string | undefined;
}

/** What a number in a header may be; both ends are inclusive. */
interface Range {
  readonly min: number;
  readonly max: number;
}

/** The longest time that a header may name: some 31 000 years, and still a number that is exact. */
const MOST_MS = 999_999_999_999_999;

const DIGITS = /^-?\d{1,16}$/;

/**
 * Reads the values of headers that mean something to us, and remembers the first that is wrong: a number out of range must
 * not silently become another one. A header that is not there says nothing.
 */
export class HeaderValues {
  #fault: string | undefined;
  #message = 'invalid header';

  constructor(private readonly headers: Headers | undefined) {}

  /** What is wrong, in a sentence that names the header; undefined if all that was read is well. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Why the frame that these headers belong to is refused; undefined if it is not. */
  error(receipt: string | undefined): StompError | undefined {
    return this.#fault === undefined ? undefined : protocolError(this.#message, this.#fault, receipt);
  }

  /** The text of the first of these names that is there. */
  text(...names: readonly string[]): string | undefined {
    const name = this.#present(names);
    return name === undefined ? undefined : this.headers?.get(name);
  }

  /** `true` or `false`, of the first of these names that is there. */
  truth(...names: readonly string[]): boolean | undefined {
    const name = this.#present(names);
    const value = this.text(...names);
    if (name === undefined || value === undefined) return undefined;
    if (value === 'true') return true;
    if (value !== 'false') this.refuse(name, `is true or false, not ${quoted(value)}`);
    return false;
  }

  /** A whole number, of the first of these names that is there. */
  number({ min, max }: Range, ...names: readonly string[]): number | undefined {
    const name = this.#present(names);
    const value = this.text(...names);
    if (name === undefined || value === undefined) return undefined;
    const number = DIGITS.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    this.refuse(name, `is a number from ${min} to ${max}, not ${quoted(value)}`);
    return undefined;
  }

  /** A time in ms, of the first of these names that is there; at least `min`. */
  milliseconds(min: number, ...names: readonly string[]): number | undefined {
    return this.number({ min, max: MOST_MS }, ...names);
  }

  /**
   * Remembers what is wrong: a sentence about the header that begins with its name. Only the first one counts.
   *
   * @param message for the `message` header of the ERROR.
   */
  refuse(name: string, sentence: string, message = 'invalid header'): void {
    if (this.#fault !== undefined) return;
    this.#message = message;
    this.#fault = `The header ${name} ${sentence}.`;
  }

  #present(names: readonly string[]): string | undefined {
    return names.find((name) => this.headers?.get(name) !== undefined);
  }
}
