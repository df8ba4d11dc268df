import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Frame } from '../subprotocols/index.js';
import type { Receiver } from './long-poll-queue.js';

/** What all answers have: they are nobody else's, and nothing but what their type says. */
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

/** One request and its answer. */
export class LongPollExchange implements Receiver {
  #answered = false;
  /** Whether the system has taken the whole answer. */
  #isWhole = false;

  /**
   * @param origin that may read the answer; undefined if none asked.
   * @param contentType of messages.
   */
  constructor(
    readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly origin: string | undefined,
    private readonly contentType = 'application/json; charset=utf-8',
  ) {}

  /** The same exchange, for messages of another type. */
  withType(contentType: string): LongPollExchange {
    return new LongPollExchange(this.request, this.response, this.origin, contentType);
  }

  /** Whether the client is there and has no answer yet. */
  get isOpen(): boolean {
    return !this.#answered && !this.response.destroyed && !this.response.writableEnded;
  }

  /** Calls back once when the answer is out, or the client has left before the system had taken it whole. */
  onEnd(ended: (whole: boolean) => void): void {
    this.response.once('close', () => ended(this.#isWhole));
  }

  /** Answers with a status and one line of text; without text, with no body. */
  answer(status: number, text = '', headers: Readonly<Record<string, string>> = {}): void {
    const body = text === '' ? [] : [Buffer.from(`${text}\n`)];
    const type = text === '' ? {} : { 'Content-Type': 'text/plain; charset=utf-8' };
    this.#write(status, body, { ...type, ...headers });
  }

  /** Answers with a JSON document. */
  json(document: unknown): void {
    const body = Buffer.from(JSON.stringify(document));
    this.#write(200, [body], { 'Content-Type': 'application/json; charset=utf-8' });
  }

  give(frames: readonly Frame[], taken: () => void): void {
    const parts = frames.flatMap((frame) => frame.parts);
    this.#write(200, parts, { 'Content-Type': this.contentType }, taken);
  }

  /** Ends the connection without an answer. */
  destroy(): void {
    this.#answered = true;
    this.request.socket.destroy();
  }

  #write(
    status: number,
    parts: readonly Uint8Array[],
    headers: Readonly<Record<string, string>>,
    taken?: () => void,
  ): void {
    if (!this.isOpen) return;
    this.#answered = true;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    // A body that was not read would be taken for the next request.
    const rest = this.request.complete ? {} : { Connection: 'close' };
    this.response.writeHead(status, {
      ...HEADERS,
      ...(this.origin === undefined ? {} : allowed(this.origin)),
      ...(status === 204 ? {} : { 'Content-Length': String(length) }),
      ...rest,
      ...headers,
    });
    // Node calls `finish` and the last part's callback for an answer that broke off, too, the latter even without an error.
    const { socket } = this.request;
    const written = (error?: Error | null): void => {
      if (socket.destroyed || (error !== undefined && error !== null)) return;
      this.#isWhole = true;
      taken?.();
    };
    const last = parts.length - 1;
    this.#isWhole = parts.length === 0;
    for (const [at, part] of parts.entries()) this.response.write(part, at === last ? written : undefined);
    this.response.end();
  }
}

/** Lets the page of an origin read an answer: this one, never all. */
function allowed(origin: string): Readonly<Record<string, string>> {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Origin',
  };
}
