/** What is told of a socket, as it happens. */
export interface SocketObserver {
  sent(data: string | Uint8Array): void;
  received(data: string | Uint8Array): void;
}

/** A WebSocket that tells what goes through it; the clients see no difference. */
export class ObservedSocket extends WebSocket {
  readonly #observer: SocketObserver;

  constructor(url: string | URL, protocols: string | string[] | undefined, observer: SocketObserver) {
    super(url, protocols);
    this.#observer = observer;
    this.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') observer.received(data);
      else if (data instanceof ArrayBuffer) observer.received(new Uint8Array(data));
    });
  }

  override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
    if (typeof data === 'string') this.#observer.sent(data);
    else if (data instanceof Uint8Array) this.#observer.sent(data.slice());
    else if (data instanceof ArrayBuffer) this.#observer.sent(new Uint8Array(data));
    super.send(data as string);
  }
}
