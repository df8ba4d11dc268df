import { BAND } from '../../broker/index.js';
import type { QueueKey } from '../../broker/index.js';
import { ByteSink, ByteSource } from './bytes.js';
import { numberKey } from './keys.js';
import { SEAL_BYTES, seal } from './seal.js';

/** Bands of positions: ten priorities, and those that wait for their time. */
export const BANDS = 16;

/** What is known of one queue without reading its messages. */
export class QueueState {
  messages = 0;
  /** Bytes of payloads and headers. */
  bytes = 0;
  /** No position has a number of this or above. */
  nextNumber = 0;
  definition: string | undefined;
  /** band → records below this number may have been handed out by a process that ended without telling */
  floors: number[] = zeros();
  /** band → records below this number may be handed out: it is in the file that they may have been */
  frontiers: number[] = zeros();
  /** band → the number after the highest that this process has handed out */
  readonly leased: number[] = zeros();

  constructor(
    /** Given once, never again. */
    readonly id: number,
    readonly realmId: number,
    readonly key: QueueKey,
  ) {}

  /** The band of a position. */
  static bandOf(position: number): number {
    return Math.floor(position / BAND);
  }

  /** The number of a position within its band. */
  static numberOf(position: number): number {
    return position % BAND;
  }

  /** Whether the record may have been handed out by a process that ended without telling. */
  mayHaveBeenLeased(position: number): boolean {
    return QueueState.numberOf(position) < (this.floors[QueueState.bandOf(position)] ?? 0);
  }

  /** What a process that ended without telling may have handed out is known to be so from now on. */
  raiseFloors(): void {
    this.floors = this.floors.map((floor, band) => Math.max(floor, this.frontiers[band] ?? 0));
    this.frontiers = zeros();
    this.nextNumber = Math.max(this.nextNumber, ...this.floors);
  }

  /** Nothing is known of what was handed out: all of it may have been. */
  suspectAll(): void {
    this.floors = zeros().fill(this.nextNumber);
  }
}

function zeros(): number[] {
  return new Array<number>(BANDS).fill(0);
}

const sink = new ByteSink();

/** The sealed record of a queue's names and definition. */
export function encodeQueue(state: QueueState): Buffer {
  blankSeal();
  sink.u32(state.realmId);
  sink.text(state.key.queue);
  sink.u8(state.definition === undefined ? 0 : 1);
  if (state.definition !== undefined) sink.text(state.definition);
  return seal('queues', numberKey(state.id), sink.take());
}

/** What {@link encodeQueue} wrote. */
export function decodeQueue(record: Uint8Array): {
  readonly realmId: number;
  readonly name: string;
  readonly definition: string | undefined;
} {
  const source = new ByteSource(record, SEAL_BYTES);
  const realmId = source.u32();
  const name = source.text();
  return { realmId, name, definition: source.u8() === 0 ? undefined : source.text() };
}

/** The sealed record of a queue's counters, floors and the given frontiers. */
export function encodeCounters(state: QueueState, frontiers: readonly number[]): Buffer {
  blankSeal();
  sink.f64(state.messages);
  sink.f64(state.bytes);
  sink.f64(state.nextNumber);
  writeBands(state.floors);
  writeBands(frontiers);
  return seal('counters', numberKey(state.id), sink.take());
}

/** Fills in what {@link encodeCounters} wrote. */
export function readCounters(state: QueueState, record: Uint8Array): void {
  const source = new ByteSource(record, SEAL_BYTES);
  state.messages = source.f64();
  state.bytes = source.f64();
  state.nextNumber = source.f64();
  state.floors = readBands(source);
  state.frontiers = readBands(source);
}

/** Only the bands that have one. */
function writeBands(numbers: readonly number[]): void {
  sink.u8(numbers.filter((number) => number > 0).length);
  numbers.forEach((number, band) => {
    if (number === 0) return;
    sink.u8(band);
    sink.f64(number);
  });
}

function readBands(source: ByteSource): number[] {
  const numbers = zeros();
  for (let left = source.u8(); left > 0; left--) {
    const band = source.u8();
    numbers[band] = source.f64();
  }
  return numbers;
}

function blankSeal(): void {
  sink.u32(0);
  sink.u8(0);
}
