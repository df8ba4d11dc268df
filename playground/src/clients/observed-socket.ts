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

  override send(data: string | ArrayBuffer | Blob | ArrayBufferView<ArrayBuffer>): void {
    if (typeof data === 'string') this.#observer.sent(data);
    else if (data instanceof ArrayBuffer) this.#observer.sent(new Uint8Array(data));
    else if (ArrayBuffer.isView(data)) {
      this.#observer.sent(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
    }
    super.send(data);
  }
}
