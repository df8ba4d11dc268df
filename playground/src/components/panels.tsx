import { useState } from 'preact/hooks';
import type { Side } from '../clients/side';
import { CHAT_TOPIC } from '../clients/side';
import type { StompSide, StompVersion } from '../clients/stomp-side';
import { STOMP_VERSIONS } from '../clients/stomp-side';
import type { WampSerializer, WampSide } from '../clients/wamp-side';
import { WAMP_SERIALIZERS } from '../clients/wamp-side';
import { Chat } from './chat';
import { ClientHead } from './client-head';
import { Frames } from './frames';
import { Procedures } from './procedures';

interface PanelProps<S extends Side> {
  readonly side: S;
  readonly other: Side | undefined;
}

/** The left: stompjs. */
export function StompPanel({ side, other }: PanelProps<StompSide>) {
  const [version, setVersion] = useState<StompVersion>(side.version);
  const choose = (chosen: StompVersion) => {
    setVersion(chosen);
    side.disconnect();
    side.version = chosen;
    side.connect();
  };
  return (
    <section class="side stomp" aria-label="STOMP client">
      <div class="client">
        <ClientHead
          side={side}
          name="STOMP"
          client="@stomp/stompjs"
          choice={{ label: 'version', values: STOMP_VERSIONS, value: version, choose }}
          hint="Say something: it leaves as a SEND and reaches the other client as an EVENT."
        />
        <Chat side={side} name="STOMP" address={side.chatDestination} />
        <Procedures side={side} other={other} name="STOMP" how="SEND to /rpc/… with a reply-to" />
      </div>
      <Frames log={side.log} name="STOMP" />
    </section>
  );
}

/** The right: AutobahnJS. */
export function WampPanel({ side, other }: PanelProps<WampSide>) {
  const [serializer, setSerializer] = useState<WampSerializer>(side.serializer);
  const choose = (chosen: WampSerializer) => {
    setSerializer(chosen);
    side.disconnect();
    side.serializer = chosen;
    side.connect();
  };
  return (
    <section class="side wamp" aria-label="WAMP client">
      <div class="client">
        <ClientHead
          side={side}
          name="WAMP"
          client="autobahn"
          choice={{ label: 'serializer', values: WAMP_SERIALIZERS, value: serializer, choose }}
          hint="Offer “add” here, then call it from the STOMP client: a SEND becomes an INVOCATION."
        />
        <Chat side={side} name="WAMP" address={CHAT_TOPIC} />
        <Procedures side={side} other={other} name="WAMP" how="CALL" />
      </div>
      <Frames log={side.log} name="WAMP" />
    </section>
  );
}
