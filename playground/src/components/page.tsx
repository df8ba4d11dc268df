import { useEffect, useMemo, useState } from 'preact/hooks';
import { StompSide } from '../clients/stomp-side';
import { WampSide } from '../clients/wamp-side';
import type { ServerFacts } from '../server-facts';
import { askServer, endpointOf } from '../server-facts';
import { Masthead } from './masthead';
import { StompPanel, WampPanel } from './panels';

/** How long to wait before the server is asked again, in ms. */
const ASK_AGAIN_MS = 1500;

/** The whole page: asks the server what it speaks, then shows the clients. */
export function Page() {
  const [facts, setFacts] = useState<ServerFacts>();
  const [trouble, setTrouble] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () =>
      void askServer().then(setFacts, () => {
        setTrouble(true);
        timer = setTimeout(ask, ASK_AGAIN_MS);
      });
    ask();
    return () => clearTimeout(timer);
  }, []);
  if (facts !== undefined) return <Room facts={facts} />;
  return (
    <main class="waiting">
      <p role="status">
        {trouble ? 'The server does not answer. Trying again…' : 'Asking the server what it speaks…'}
      </p>
    </main>
  );
}

/** Both clients in one room. */
function Room({ facts }: { readonly facts: ServerFacts }) {
  const { stomp, wamp } = useMemo(() => {
    const url = endpointOf(facts);
    const identity = { realm: facts.realms[0] ?? 'realm1', name: '', ticket: '' };
    return {
      stomp: facts.stomp ? new StompSide(url, facts, identity) : undefined,
      wamp: facts.wamp ? new WampSide(url, identity) : undefined,
    };
  }, [facts]);
  useEffect(() => {
    // Where everybody has to log in, the clients wait for a name.
    if (!facts.anonymous) return;
    stomp?.connect();
    wamp?.connect();
  }, [facts, stomp, wamp]);
  return (
    <div class="room">
      <Masthead facts={facts} sides={[stomp, wamp].filter((side) => side !== undefined)} />
      <main class="sides">
        {stomp === undefined ? undefined : <StompPanel side={stomp} other={wamp} />}
        {wamp === undefined ? undefined : <WampPanel side={wamp} other={stomp} />}
      </main>
    </div>
  );
}
