import type { FrameHeaders } from './frame-headers.js';
import type { StompVersion } from './versions.js';

/** One frame [STOMP 1.2 §STOMP Frames], its headers unescaped. */
export interface StompFrame {
  readonly kind: 'frame';
  readonly command: string;
  readonly headers: FrameHeaders;
  /** Usually a part of the buffer that arrived. */
  readonly body: Buffer;
}

/** Why octets are no frame. Nothing after them is read: where the next frame would begin is not known. */
export interface FrameFault {
  readonly kind: 'fault';
  readonly code: 'malformed' | 'too_large' | 'invalid_utf8';
  /** For people; holds nothing of the input. */
  readonly text: string;
  /** The culprit's `receipt` header, if it could be read. */
  readonly receipt: string | undefined;
}

/** What a parser refuses; each number is inclusive and counts bytes as they stand on the wire. */
export interface FrameLimits {
  readonly command: number;
  readonly headerName: number;
  readonly headerValue: number;
  /** Header lines, repeated ones included. */
  readonly headers: number;
  readonly body: number;
  /** From the command's first byte to the NUL. */
  readonly frame: number;
}

/** How headers are read. */
export interface Dialect {
  /** The negotiated version; undefined before CONNECT, when nothing is unescaped. */
  readonly version: StompVersion | undefined;
  /** Whether what real clients of 1.0 and 1.1 do wrong is understood: unknown escapes, blanks before 1.0 values. */
  readonly lenient: boolean;
}

/** The only frames that may have a body [STOMP 1.2 §Body]. */
export const COMMANDS_WITH_BODY: ReadonlySet<string> = new Set(['SEND', 'MESSAGE', 'ERROR']);
