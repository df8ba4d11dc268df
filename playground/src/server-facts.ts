/** What the server tells about itself at `/playground.json`. */
export interface ServerFacts {
  readonly version: string;
  /** Path of the WebSocket endpoint. */
  readonly path: string;
  readonly realms: readonly string[];
  readonly stomp: boolean;
  readonly wamp: boolean;
  /** What separates the words of a STOMP destination after `/topic/`. */
  readonly separator: '.' | '/';
  /** Whether a client may come in without a login. */
  readonly anonymous: boolean;
  /** Whether a client may log in with a ticket. */
  readonly tickets: boolean;
}

/** @throws Error if the server does not answer. */
export async function askServer(): Promise<ServerFacts> {
  const response = await fetch('/playground.json');
  if (!response.ok) throw new Error(`/playground.json was answered with ${response.status}.`);
  return (await response.json()) as ServerFacts;
}

/** The address of the WebSocket endpoint, on the server that this page came from. */
export function endpointOf({ path }: ServerFacts): string {
  const { protocol, host } = globalThis.location;
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${path}`;
}
