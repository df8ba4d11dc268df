import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { Wampy } from 'wampy';
import { Mailbox } from '../support/mailbox.js';

/** The serializers that wampy speaks. */
export const WAMPY_SERIALIZERS = ['json', 'msgpack', 'cbor'] as const;

/** One of {@link WAMPY_SERIALIZERS}. */
export type WampySerializer = (typeof WAMPY_SERIALIZERS)[number];

const SERIALIZERS = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };

type Constructor = NonNullable<NonNullable<ConstructorParameters<typeof Wampy>[1]>['ws']>;

/** An event as wampy hands it out. */
export interface WampyEvent {
  readonly details: Readonly<Record<string, unknown>>;
  readonly argsList?: readonly unknown[];
  readonly argsDict?: Readonly<Record<string, unknown>>;
}

/** Connects the real wampy, which takes the `WebSocket` of the global object, and joins `realm1`. */
export async function joinWampy(url: string, serializer: WampySerializer, authid?: string): Promise<Wampy> {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket: Constructor };
  const wampy = new Wampy(url, {
    realm: 'realm1',
    ws: WebSocket,
    serializer: new SERIALIZERS[serializer](),
    autoReconnect: false,
    ...(authid !== undefined && { authid, authmethods: ['ticket'], onChallenge: () => authid }),
  });
  await wampy.connect();
  return wampy;
}

/** Subscribes; the events can be taken one by one. */
export async function listenWampy(
  wampy: Wampy,
  topic: string,
  options?: { readonly match: 'prefix' | 'wildcard' },
): Promise<Mailbox<WampyEvent>> {
  const events = new Mailbox<WampyEvent>();
  await wampy.subscribe(topic, (event) => events.put(event), options);
  return events;
}
