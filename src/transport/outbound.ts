import type { Socket } from 'node:net';
import type { Clock } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { Frame } from '../subprotocols/index.js';
import type { Framing } from './framing.js';
import { webSocketFraming } from './framing.js';

/** From so many bytes on, what a connection is due in one turn is written without being joined. */
const JOIN_BYTES = 64 * 1024;
/** Marks of the time at which bytes were queued are no closer than this, in ms. */
const MARK_MS = 100;

/**
 * A place in the tree of what connections are due in this turn: an edge is a frame, the way from the root to a node is
 * what the connections standing there are due, in order.
 */
class ChainNode {
  /** Bytes on the wire from the root to here. */
  readonly length: number;
  /** The last frame appended here and the node it led to: whoever appends the same frame goes the same way. */
  #lastFrame: Frame | undefined = undefined;
  #lastChild: ChainNode | undefined = undefined;
  #joined: Buffer | undefined = undefined;

  constructor(
    readonly parent: ChainNode | undefined,
    readonly frame: Frame | undefined,
    private readonly framing: Framing,
  ) {
    this.length = parent === undefined || frame === undefined ? 0 : parent.length + framing.wireLength(frame);
  }

  /** The node reached by appending a frame here. */
  next(frame: Frame): ChainNode {
    if (this.#lastFrame === frame && this.#lastChild !== undefined) return this.#lastChild;
    this.#lastFrame = frame;
    this.#lastChild = new ChainNode(this, frame, this.framing);
    return this.#lastChild;
  }

  /** All bytes from the root to here in one buffer, made by the first who asks. */
  get joined(): Buffer {
    if (this.#joined !== undefined) return this.#joined;
    const joined = Buffer.allocUnsafe(this.length);
    visit(this, (frame, at) => putFrame(joined, at, frame, this.framing));
    this.#joined = joined;
    return joined;
  }

  /** The frames from the root to here. */
  get frames(): Frame[] {
    const frames: Frame[] = [];
    visit(this, (frame) => frames.push(frame));
    return frames.reverse();
  }
}

/** Walks from a node back to the root: each frame, and at which byte it begins. */
function visit(leaf: ChainNode, each: (frame: Frame, at: number) => void): void {
  let node = leaf;
  while (node.parent !== undefined && node.frame !== undefined) {
    each(node.frame, node.parent.length);
    node = node.parent;
  }
}

/**
 * What all connections of a transport are due in this turn of the event loop, and the one write that each of them gets at
 * the end of it. Connections that are due the same frames share one buffer, without anybody knowing of topics.
 */
export class SharedChain {
  #root: ChainNode;
  #due: Outbound[] = [];

  constructor(
    readonly clock: Clock,
    readonly framing: Framing = webSocketFraming,
  ) {
    this.#root = new ChainNode(undefined, undefined, framing);
  }

  /** Where a connection stands that is due nothing yet. */
  get root(): ChainNode {
    return this.#root;
  }

  /** Has a connection written at the end of the turn. */
  enlist(outbound: Outbound): void {
    if (this.#due.length === 0) this.clock.defer(this.#flush);
    this.#due.push(outbound);
  }

  readonly #flush = (): void => {
    const due = this.#due;
    this.#due = [];
    this.#root = new ChainNode(undefined, undefined, this.framing);
    const now = this.clock.now();
    for (const outbound of due) outbound.flush(now);
  };
}

/** How much may wait, in bytes. */
export interface OutboundMarks {
  readonly highWater: number;
  readonly lowWater: number;
}

/** Up to which byte of all that was written, and since when it waits. */
interface AgeMark {
  end: number;
  readonly time: number;
}

/** What a link needs of its outbound side. */
export interface OutboundSide {
  /** Clock time of the last write. */
  readonly lastSent: number;
  /** Bytes that the peer has not been sent yet. */
  readonly buffered: number;
  /** Whether `buffered` is at or above the high-water mark. */
  readonly congested: boolean;
  /** Adds a frame; returns `buffered`. */
  append(frame: Frame): number;
  /** Sends what can be sent now. */
  flush(now: number): void;
  /** How long the oldest byte has been waiting, in ms. */
  age(now: number): number;
}

/** The outbound side of one connection: frames go straight to the socket, one write a turn. */
export class Outbound implements OutboundSide {
  /** Clock time of the last write. */
  lastSent: number;
  /** The first frame of this turn: alone it needs no node. */
  #first: Frame | undefined = undefined;
  /** Where this connection stands, from its second frame in this turn on. */
  #node: ChainNode | undefined = undefined;
  /** Bytes of this turn. */
  #turnBytes = 0;
  /** Bytes given to the socket, ever. */
  #written = 0;
  /** Whether the high-water mark was reached and the low-water mark not yet. */
  #full = false;
  /** Set only while the socket is behind. */
  #ages: Ring<AgeMark> | undefined = undefined;
  #lastAge: AgeMark | undefined = undefined;

  /** @param drained told, never from inside an append, when a connection that was full has room again. */
  constructor(
    private readonly socket: Socket,
    private readonly chain: SharedChain,
    private readonly marks: OutboundMarks,
    private readonly drained: () => void,
  ) {
    this.lastSent = chain.clock.now();
    socket.on('drain', this.#check);
  }

  /** Bytes that the system has not taken yet. */
  get buffered(): number {
    return this.#turnBytes + this.socket.writableLength;
  }

  /** Whether `buffered` is at or above the high-water mark. */
  get congested(): boolean {
    return this.buffered >= this.marks.highWater;
  }

  /** Adds a frame to what is due at the end of the turn; returns `buffered`. */
  append(frame: Frame): number {
    if (this.#first === undefined) {
      this.#first = frame;
      this.chain.enlist(this);
    } else {
      this.#node = (this.#node ?? this.chain.root.next(this.#first)).next(frame);
    }
    this.#turnBytes += this.chain.framing.wireLength(frame);
    if (this.congested) this.#fill();
    return this.buffered;
  }

  /** Writes what is due. */
  flush(now: number): void {
    this.#writeDue(now);
    if (this.#full) this.#check();
  }

  /** What the system would take at once is no sign of a slow reader: it is written before anybody is told of one. */
  #fill(): void {
    const before = this.#full;
    this.#full = true;
    if (this.socket.writableLength === 0) this.#writeDue(this.chain.clock.now());
    if (!before && !this.congested) this.#full = false;
  }

  #writeDue(now: number): void {
    const first = this.#first;
    if (first === undefined) return;
    const node = this.#node;
    const bytes = this.#turnBytes;
    this.#first = undefined;
    this.#node = undefined;
    this.#turnBytes = 0;
    const { socket } = this;
    if (!socket.writable) return;
    if (socket.writableLength === 0) this.#forgetAges();
    this.#write(first, node);
    this.#written += bytes;
    this.lastSent = now;
    if (socket.writableLength > 0) this.#markAge(now);
  }

  /** How long the oldest byte that the system has not taken has been waiting, in ms. */
  age(now: number): number {
    const ages = this.#ages;
    if (ages === undefined) return 0;
    const sent = this.#written - this.socket.writableLength;
    let oldest = ages.peek();
    while (oldest !== undefined && oldest.end <= sent) {
      ages.shift();
      oldest = ages.peek();
    }
    if (oldest !== undefined) return now - oldest.time;
    this.#forgetAges();
    return 0;
  }

  #write(first: Frame, node: ChainNode | undefined): void {
    const { socket } = this;
    // A callback only while somebody waits for room: `drain` comes when the socket has nothing left at all.
    const written = this.#full ? this.#check : undefined;
    const { framing } = this.chain;
    if (node === undefined) {
      writeFrame(socket, first, framing, written);
    } else if (node.length <= JOIN_BYTES) {
      socket.write(node.joined, written);
    } else {
      const { frames } = node;
      const last = frames.at(-1);
      socket.cork();
      for (const frame of frames) writeFrame(socket, frame, framing, frame === last ? written : undefined);
      socket.uncork();
    }
  }

  #markAge(now: number): void {
    const last = this.#lastAge;
    if (last !== undefined && now - last.time < MARK_MS) {
      last.end = this.#written;
      return;
    }
    this.#lastAge = { end: this.#written, time: now };
    this.#ages ??= new Ring();
    this.#ages.push(this.#lastAge);
  }

  #forgetAges(): void {
    this.#ages = undefined;
    this.#lastAge = undefined;
  }

  readonly #check = (): void => {
    if (!this.#full || this.socket.destroyed || this.buffered >= this.marks.lowWater) return;
    this.#full = false;
    this.drained();
  };
}

function writeFrame(socket: Socket, frame: Frame, framing: Framing, written: (() => void) | undefined): void {
  const kept = wireOf(frame, framing) ?? keepWire(frame, framing);
  if (kept !== undefined) {
    socket.write(kept, written);
    return;
  }
  socket.cork();
  const head = framing.headOf(frame);
  if (head !== undefined) socket.write(head);
  const last = frame.parts.length - 1;
  frame.parts.forEach((part, i) => socket.write(part, i === last ? written : undefined));
  socket.uncork();
}

/** The bytes of a frame as others have made them, if they were made for this framing. */
function wireOf(frame: Frame, framing: Framing): Buffer | undefined {
  return frame.framing === framing ? frame.wire : undefined;
}

/** Makes the bytes of a frame for all who are due it; undefined if that would copy too much. */
function keepWire(frame: Frame, framing: Framing): Buffer | undefined {
  if (frame.length > JOIN_BYTES) return undefined;
  const wire = Buffer.allocUnsafe(framing.wireLength(frame));
  // Kept only when it is complete: `putFrame` copies from a wire that is there.
  frame.wire = undefined;
  putFrame(wire, 0, frame, framing);
  frame.framing = framing;
  frame.wire = wire;
  return wire;
}

function putFrame(target: Buffer, at: number, frame: Frame, framing: Framing): void {
  const kept = wireOf(frame, framing);
  if (kept !== undefined) {
    target.set(kept, at);
    return;
  }
  let end = framing.putHead(target, at, frame);
  for (const part of frame.parts) {
    target.set(part, end);
    end += part.length;
  }
}
