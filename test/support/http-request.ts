import { request } from 'node:http';

/** What AutobahnJS's long-poll uses of a browser's XMLHttpRequest, which Node does not have. Each request has its own socket. */
class PostRequest {
  onreadystatechange: () => void = () => {};
  withCredentials = false;
  timeout = 0;
  readyState = 0;
  status = 0;
  statusText = '';
  responseText = '';
  #url = '';
  readonly #headers: Record<string, string> = {};

  open(_method: string, url: string): void {
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  send(body?: string): void {
    const asked = request(this.#url, { method: 'POST', headers: this.#headers, agent: false }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => (this.responseText += text));
      response.on('end', () => this.#settle(response.statusCode ?? 0));
      response.on('error', () => this.#settle(0));
    });
    asked.on('error', () => this.#settle(0));
    asked.end(body);
  }

  #settle(status: number): void {
    Object.assign(this, { readyState: 4, status });
    this.onreadystatechange();
  }
}

/** Gives AutobahnJS the `XMLHttpRequest` that every browser has in its global object. */
export function provideHttpRequest(): void {
  Object.assign(globalThis, { XMLHttpRequest: PostRequest });
}
