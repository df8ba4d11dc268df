import { isUtf8 } from '../../../lib/index.js';
import { unescape } from './escaping.js';
import { FrameHeaders } from './frame-headers.js';
import type { Dialect, FrameFault, FrameLimits, StompFrame } from './frame.js';
import { COMMANDS_WITH_BODY } from './frame.js';
import { KNOWN_COMMANDS, KNOWN_NAMES } from './known-words.js';

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

/** What a byte means inside a head; 0 for all that need no look. */
const PLAIN = 0;
const LINE_END = 1;
const COLON = 2;
const BACKSLASH = 3;
const HIGH = 4;
const CONTROL = 5;
const FRAME_END = 6;
const CARRIAGE_RETURN = 7;
const CLASS = new Uint8Array(256);
CLASS.fill(HIGH, 0x80);
CLASS.fill(CONTROL, 0x01, 0x20);
CLASS[0x7f] = CONTROL;
CLASS[NUL] = FRAME_END;
CLASS[LF] = LINE_END;
CLASS[CR] = CARRIAGE_RETURN;
CLASS[0x3a] = COLON;
CLASS[0x5c] = BACKSLASH;

/** Above this many bytes a head is cut into strings of their own, so that a kept id does not keep a long head. */
const SHARED_HEAD = 2048;
/** Above this many bytes a message is not kept alive by a body that is only a small part of it. */
const SHARED_MESSAGE = 16_384;

const NOTHING = Buffer.alloc(0);
const CONTROL_CHARACTER = /\p{Cc}/u;
/** The most digits of a `content-length`. */
const LONGEST_LENGTH = 10;

/**
 * Reads frames from octets that arrive in pieces of any size [STOMP 1.2 §Augmented BNF]: `push` a piece, then `take` frames
 * until there are none. Every limit is counted while reading, before anything is kept. After a fault it reads nothing more.
 *
 * Positions are relative to the frame's first byte, so they hold when an unfinished frame is moved into a buffer of its own.
 */
export class FrameParser {
  /** What arrived last, from `#chunkAt` on not yet read. */
  #chunk: Buffer = NOTHING;
  #chunkAt = 0;
  /** The beginning of a frame that was unfinished when its piece ended. */
  #kept: Buffer | undefined;
  #keptLength = 0;
  #fault: FrameFault | undefined;

  /** The next byte of the frame to look at. */
  #scan = 0;
  #lineStart = 0;
  /** The first colon of the line, or -1. */
  #colon = -1;
  #carriageReturns = 0;
  /** The frame's command, once its line was read. */
  #command: string | undefined;
  /** name start, colon, value end of each header line */
  readonly #marks: number[] = [];
  /** How many of them belong to this frame: an array that is cut would be grown anew for each. */
  #markCount = 0;
  #seen = { escape: false, high: false, control: false };
  #headers: FrameHeaders | undefined;
  #bodyStart = 0;
  /** From `content-length`; -1 if the body ends at the first NUL. */
  #bodyLength = -1;

  constructor(
    private limits: FrameLimits,
    private dialect: Dialect,
  ) {}

  /** Whether a frame has begun and not ended. */
  get partial(): boolean {
    return this.#kept !== undefined;
  }

  /** Changes how the following frames are read: at the end of the login. */
  configure(limits: FrameLimits, dialect: Dialect): void {
    this.limits = limits;
    this.dialect = dialect;
  }

  /** Adds a piece; the one before must have been read to its end. The buffer is kept and sliced. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#chunkAt = 0;
  }

  /** The next frame; undefined when more octets are needed; a fault, from then on always the same. */
  take(): StompFrame | FrameFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    return this.#kept === undefined ? this.#takeFromChunk() : this.#takeFromKept(this.#kept);
  }

  #takeFromChunk(): StompFrame | FrameFault | undefined {
    const chunk = this.#chunk;
    let start = this.#chunkAt;
    // Line ends and stray NULs between frames: heart-beats, and what some peers write after a frame.
    while (start < chunk.length) {
      const byte = chunk[start]!;
      if (byte !== LF && byte !== CR && byte !== NUL) break;
      start += 1;
    }
    if (start < chunk.length) {
      this.#begin();
      const end = this.#read(chunk, start, chunk.length);
      if (end < 0) return this.#fault;
      if (end > 0) {
        this.#chunkAt = start + end;
        return this.#frame(chunk, start, end);
      }
      this.#keep(chunk, start, chunk.length);
    }
    this.#chunk = NOTHING;
    this.#chunkAt = 0;
    return undefined;
  }

  #takeFromKept(kept: Buffer): StompFrame | FrameFault | undefined {
    const before = this.#keptLength;
    const left = this.#chunk.length - this.#chunkAt;
    if (left === 0) return undefined;
    // One byte more than a frame may have is enough to know that it has too many.
    const taken = Math.min(left, this.limits.frame + 1 - before);
    this.#keep(this.#chunk, this.#chunkAt, this.#chunkAt + taken, kept);
    const window = this.#kept!;
    const end = this.#read(window, 0, this.#keptLength);
    if (end < 0) return this.#fault;
    if (end > 0) {
      this.#chunkAt += end - before;
      this.#kept = undefined;
      this.#keptLength = 0;
      return this.#frame(window, 0, end);
    }
    this.#chunk = NOTHING;
    this.#chunkAt = 0;
    return undefined;
  }

  #begin(): void {
    this.#scan = 0;
    this.#lineStart = 0;
    this.#colon = -1;
    this.#carriageReturns = 0;
    this.#command = undefined;
    this.#markCount = 0;
    this.#seen.escape = false;
    this.#seen.high = false;
    this.#seen.control = false;
    this.#headers = undefined;
    this.#bodyLength = -1;
  }

  /** Keeps bytes of an unfinished frame; the buffer doubles, so that a frame in tiny pieces is not copied once a piece. */
  #keep(chunk: Buffer, start: number, end: number, kept?: Buffer): void {
    const length = this.#keptLength + end - start;
    let target = kept;
    if (target === undefined || target.length < length) {
      target = Buffer.allocUnsafeSlow(Math.max(256, Math.min(2 * length, this.limits.frame + 1), length));
      kept?.copy(target, 0, 0, this.#keptLength);
    }
    chunk.copy(target, this.#keptLength, start, end);
    this.#kept = target;
    this.#keptLength = length;
  }

  /** Reads on; returns the frame's length when it is complete, 0 when more is needed, -1 on a fault. */
  #read(window: Buffer, base: number, end: number): number {
    if (this.#headers === undefined && !this.#readHead(window, base, end)) {
      if (this.#fault !== undefined) return -1;
      return this.#pending(end - base);
    }
    if (this.#fault !== undefined) return -1;
    return this.#bodyLength >= 0
      ? this.#readCountedBody(window, base, end)
      : this.#readOpenBody(window, base, end);
  }

  /** More is needed: unless there is too much already. */
  #pending(length: number): number {
    if (length <= this.limits.frame) return 0;
    return this.#refuse('too_large', `A frame may have ${this.limits.frame} bytes.`);
  }

  /** Reads lines up to the empty one; true when it was found and the headers are known. */
  #readHead(window: Buffer, base: number, end: number): boolean {
    let at = base + this.#scan;
    for (; at < end; at += 1) {
      const kind = CLASS[window[at]!];
      if (kind === PLAIN) continue;
      if (kind === LINE_END) {
        const headEnds = this.#endLine(window, base, at - base);
        if (this.#fault !== undefined) return false;
        if (headEnds) {
          this.#bodyStart = at + 1 - base;
          this.#scan = this.#bodyStart;
          return this.#endHead(window, base);
        }
      } else if (kind === COLON) {
        if (this.#colon < 0) this.#colon = at - base;
      } else if (kind === BACKSLASH) this.#seen.escape = true;
      else if (kind === HIGH) this.#seen.high = true;
      else if (kind === CARRIAGE_RETURN) this.#carriageReturns += 1;
      else if (kind === CONTROL) this.#seen.control = true;
      else {
        this.#refuse('malformed', 'The frame ends before its headers do.');
        return false;
      }
    }
    this.#scan = end - base;
    this.#checkLine(end - base);
    return false;
  }

  /** Takes the line that ends before `end`; true if it is the empty one that ends the head. */
  #endLine(window: Buffer, base: number, end: number): boolean {
    let lineEnd = end;
    if (end > this.#lineStart && window[base + end - 1] === CR) {
      lineEnd -= 1;
      this.#carriageReturns -= 1;
    }
    if (this.#carriageReturns > 0) {
      this.#seen.control = true;
      // 1.2 has an escape for it; a bare one is no data [STOMP 1.2 §Augmented BNF].
      if (this.dialect.version === '1.2') this.#refuse('malformed', 'A CR stands alone in a header.');
    }
    if (this.#command === undefined) {
      if (this.#checkLine(lineEnd)) this.#command = commandOf(window, base + this.#lineStart, base + lineEnd);
    } else if (lineEnd === this.#lineStart) return true;
    else this.#endHeaderLine(lineEnd);
    this.#lineStart = end + 1;
    this.#colon = -1;
    this.#carriageReturns = 0;
    return false;
  }

  #endHeaderLine(lineEnd: number): void {
    if (!this.#checkLine(lineEnd)) return;
    if (this.#colon < 0) this.#refuse('malformed', 'A header line has no colon.');
    else if (this.#colon === this.#lineStart) this.#refuse('malformed', 'A header has no name.');
    else if (this.#markCount >= 3 * this.limits.headers) {
      this.#refuse('too_large', `A frame may have ${this.limits.headers} headers.`);
    } else this.#mark(this.#lineStart, this.#colon, lineEnd);
  }

  #mark(start: number, colon: number, end: number): void {
    const at = this.#markCount;
    this.#marks[at] = start;
    this.#marks[at + 1] = colon;
    this.#marks[at + 2] = end;
    this.#markCount = at + 3;
  }

  /** Whether the line, ended or not, is within its limits so far. */
  #checkLine(lineEnd: number): boolean {
    const { command, headerName, headerValue } = this.limits;
    // A CR that may yet turn out to be half of a line end does not count.
    const slack = this.#carriageReturns > 0 ? 1 : 0;
    const length = lineEnd - this.#lineStart;
    if (this.#command === undefined) {
      if (length - slack <= command) return true;
      this.#refuse('too_large', `A command may have ${command} bytes.`);
    } else if ((this.#colon < 0 ? length - slack : this.#colon - this.#lineStart) > headerName) {
      this.#refuse('too_large', `A header name may have ${headerName} bytes.`);
    } else if (this.#colon >= 0 && lineEnd - this.#colon - 1 - slack > headerValue) {
      this.#refuse('too_large', `A header value may have ${headerValue} bytes.`);
    } else return true;
    return false;
  }

  /** Makes the headers and finds out how the body ends. */
  #endHead(window: Buffer, base: number): boolean {
    const headers = new FrameHeaders();
    this.#headers = headers;
    if (this.#seen.high && !isUtf8(window, base, base + this.#bodyStart)) {
      this.#refuse('invalid_utf8', 'Headers must be UTF-8.');
      return false;
    }
    const oneText =
      !this.#seen.high && this.#bodyStart <= SHARED_HEAD
        ? window.toString('latin1', base, base + this.#bodyStart)
        : undefined;
    const marks = this.#marks;
    for (let i = 0; i < this.#markCount; i += 3) {
      const start = marks[i]!;
      const colon = marks[i + 1]!;
      const end = marks[i + 2]!;
      const known = KNOWN_NAMES.find(window, base + start, base + colon);
      if (oneText !== undefined)
        this.#add(headers, known ?? oneText.slice(start, colon), oneText.slice(colon + 1, end));
      else {
        const name = known ?? window.toString('utf8', base + start, base + colon);
        this.#add(headers, name, window.toString('utf8', base + colon + 1, base + end));
      }
      if (this.#fault !== undefined) return false;
    }
    return this.#measureBody(headers.get('content-length'));
  }

  #add(headers: FrameHeaders, rawName: string, rawValue: string): void {
    let name: string | undefined = rawName;
    let value: string | undefined = rawValue;
    // CONNECT is never escaped, so that 1.0 servers can read it [STOMP 1.2 §CONNECT or STOMP Frame].
    if (this.#seen.escape && this.#command !== 'CONNECT' && this.#command !== 'STOMP') {
      name = unescape(rawName, this.dialect);
      value = unescape(rawValue, this.dialect);
      if (name === undefined || value === undefined) {
        this.#refuse('malformed', 'A header holds an undefined escape.');
        return;
      }
    }
    if ((this.#seen.control || this.#seen.escape) && CONTROL_CHARACTER.test(name)) {
      this.#refuse('malformed', 'A header name holds a control character.');
      return;
    }
    if (this.dialect.version === '1.0' && this.dialect.lenient) value = value.trimStart();
    headers.add(name, value);
  }

  #measureBody(contentLength: string | undefined): boolean {
    if (contentLength === undefined) return true;
    const length = lengthOf(contentLength);
    if (length < 0) {
      this.#refuse('malformed', 'The content-length is not a number of one to ten digits.');
      return false;
    }
    if (length > 0 && !COMMANDS_WITH_BODY.has(this.#command!)) this.#refuseBody();
    else if (length > this.limits.body) {
      this.#refuse('too_large', `A body may have ${this.limits.body} bytes.`);
    } else if (this.#bodyStart + length + 1 > this.limits.frame) {
      this.#refuse('too_large', `A frame may have ${this.limits.frame} bytes.`);
    }
    this.#bodyLength = length;
    return this.#fault === undefined;
  }

  #readCountedBody(window: Buffer, base: number, end: number): number {
    const last = this.#bodyStart + this.#bodyLength;
    if (base + last >= end) return 0;
    // Never look for the next NUL: what follows would be frames that somebody else wrote.
    if (window[base + last] !== NUL) return this.#refuse('malformed', 'No NUL follows the counted body.');
    return last + 1;
  }

  #readOpenBody(window: Buffer, base: number, end: number): number {
    const found = window.indexOf(NUL, base + this.#scan);
    const last = (found < 0 || found >= end ? end : found) - base;
    const length = last - this.#bodyStart;
    if (length > 0 && !COMMANDS_WITH_BODY.has(this.#command!)) return this.#refuseBody();
    if (length > this.limits.body) {
      return this.#refuse('too_large', `A body may have ${this.limits.body} bytes.`);
    }
    this.#scan = last;
    if (found < 0 || found >= end) return this.#pending(last);
    return last + 1 > this.limits.frame ? this.#pending(last + 1) : last + 1;
  }

  #refuseBody(): number {
    return this.#refuse('malformed', 'Only SEND may have a body.');
  }

  #refuse(code: FrameFault['code'], text: string): -1 {
    this.#fault ??= { kind: 'fault', code, text, receipt: this.#headers?.get('receipt') };
    this.#chunk = NOTHING;
    this.#kept = undefined;
    return -1;
  }

  #frame(window: Buffer, base: number, end: number): StompFrame {
    const body = window.subarray(base + this.#bodyStart, base + end - 1);
    const small = window.length > SHARED_MESSAGE && 4 * body.length < window.length;
    const command = this.#command!;
    const headers = this.#headers!;
    // Not kept until the next frame: of thousands of clients the last headers would all grow old.
    this.#command = undefined;
    this.#headers = undefined;
    return {
      kind: 'frame',
      command,
      headers,
      body: small ? Buffer.from(body) : body,
    };
  }
}

function commandOf(window: Buffer, start: number, end: number): string {
  return KNOWN_COMMANDS.find(window, start, end) ?? window.toString('latin1', start, end);
}

/** The number that one to ten digits say, -1 if the text is anything else. */
function lengthOf(text: string): number {
  if (text.length === 0 || text.length > LONGEST_LENGTH) return -1;
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}
