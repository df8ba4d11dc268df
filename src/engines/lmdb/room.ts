import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Instrumentation } from '../../broker/index.js';
import type { Environment } from './environment.js';
import { systemCode } from './errors.js';

/** What is watched, in bytes. */
export interface RoomLimits {
  /** Kept free inside the file, so that removals always find room. */
  readonly reserveBytes: number;
  /** The size of the file from which on an event is reported. */
  readonly watermarkBytes: number;
}

/** The file grows by multiples of so many bytes. */
const STEP = 1024 * 1024;
const ZEROS = Buffer.alloc(STEP);

/**
 * Room in the file, taken from the disk before it is needed: a tail of zeros behind the last page. LMDB never has to find out
 * that the disk is full, or the quota used up: a failed write of it ends all writing (and lmdb 3.5.6 composes the error
 * message in a buffer that is too short). And what is needed to acknowledge messages is there on a full disk too.
 */
export class Room {
  readonly #file: number;
  readonly #folder: string;
  readonly #environment: Environment;
  readonly #limits: RoomLimits;
  readonly #instrumentation: Instrumentation;
  #isFull = false;
  #isAboveWatermark = false;

  constructor(
    folder: string,
    environment: Environment,
    limits: RoomLimits,
    instrumentation: Instrumentation,
  ) {
    this.#file = openSync(join(folder, 'data.mdb'), 'r+');
    this.#folder = folder;
    this.#environment = environment;
    this.#limits = limits;
    this.#instrumentation = instrumentation;
  }

  /**
   * Makes room for a transaction that writes at most so many bytes of pages; none may be on its way. False if there is none.
   *
   * @param isGrowth it stores something: then the reserve has to be left.
   */
  make(bytes: number, isGrowth: boolean): boolean {
    const wanted = bytes + this.#limits.reserveBytes;
    if (this.#tail() < wanted) this.#extend(wanted - this.#tail());
    const isThere = isGrowth ? this.#isThereForGrowth(bytes, wanted) : this.#isThereForRemoval(bytes);
    if (isGrowth) this.#tell(isThere);
    return isThere;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Large values may need pages in a row, which only the tail has for certain. */
  #isThereForGrowth(bytes: number, wanted: number): boolean {
    const tail = this.#tail();
    return tail >= wanted || (tail >= bytes && tail + this.#environment.freeBytes() >= wanted);
  }

  #isThereForRemoval(bytes: number): boolean {
    return this.#tail() >= bytes || this.#environment.freeBytes() >= 2 * bytes;
  }

  /** Bytes behind the last page. */
  #tail(): number {
    return fstatSync(this.#file).size - this.#environment.sizeBytes();
  }

  /** As far as the disk allows. */
  #extend(bytes: number): void {
    let end = fstatSync(this.#file).size;
    // Up to the last page the file may have been cut short by LMDB; from there on it is ours.
    for (let left = Math.ceil(bytes / STEP) * STEP; left > 0;) {
      let written: number;
      try {
        written = writeSync(this.#file, ZEROS, 0, Math.min(STEP, left), end);
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return;
        throw error;
      }
      left -= written;
      end += written;
    }
  }

  #tell(isThere: boolean): void {
    if (isThere === this.#isFull) {
      this.#isFull = !isThere;
      this.#instrumentation.event(isThere ? 'store.room' : 'store.full', { path: this.#folder });
    }
    const bytes = this.#environment.sizeBytes();
    if (bytes >= this.#limits.watermarkBytes === this.#isAboveWatermark) return;
    this.#isAboveWatermark = !this.#isAboveWatermark;
    if (this.#isAboveWatermark) this.#instrumentation.event('store.watermark', { path: this.#folder, bytes });
  }
}
