import { useState } from 'preact/hooks';
import { CHAT_TOPIC } from '../clients/side';
import type { Side } from '../clients/side';
import { remember, remembered } from '../remembered';
import type { ServerFacts } from '../server-facts';
import { endpointOf } from '../server-facts';
import { Mark } from './icons';

interface MastheadProps {
  readonly facts: ServerFacts;
  readonly sides: readonly Side[];
}

/** What this is, where it is connected, how it looks. */
export function Masthead({ facts, sides }: MastheadProps) {
  const needsMore = facts.tickets || facts.realms.length > 1;
  const topic = CHAT_TOPIC.replaceAll('.', facts.separator);
  return (
    <header class="masthead">
      <div class="name">
        <Mark />
        <h1>Mangrove</h1>
      </div>
      <p class="lead">
        Two clients, two protocols, one room: <code class="stomp">/topic/{topic}</code> here is{' '}
        <code class="wamp">{CHAT_TOPIC}</code> there. Each hears the other and can call it; beside each is
        every frame it sends and receives.
      </p>
      <dl class="facts">
        <div>
          <dt>endpoint</dt>
          <dd>{endpointOf(facts)}</dd>
        </div>
        <div>
          <dt>version</dt>
          <dd>{facts.version}</dd>
        </div>
      </dl>
      <ThemeChoice />
      {needsMore ? <Login facts={facts} sides={sides} /> : undefined}
    </header>
  );
}

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** Light, dark, or as the system has it. */
function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(
    () => THEMES.find((known) => known === remembered('theme')) ?? 'auto',
  );
  const choose = (chosen: Theme) => {
    setTheme(chosen);
    remember('theme', chosen === 'auto' ? undefined : chosen);
    if (chosen === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = chosen;
  };
  return (
    <fieldset class="segments themes">
      <legend class="unseen">Colours</legend>
      {THEMES.map((known) => (
        <label key={known}>
          <input type="radio" name="theme" checked={known === theme} onChange={() => choose(known)} />
          <span>{known}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Realm and login of both clients, for servers where that is a question. */
function Login({ facts, sides }: MastheadProps) {
  const [realm, setRealm] = useState(facts.realms[0] ?? '');
  const [name, setName] = useState('');
  const [ticket, setTicket] = useState('');
  const enter = (event: SubmitEvent) => {
    event.preventDefault();
    for (const side of sides) {
      side.disconnect();
      side.identity = { realm, name, ticket };
      side.connect();
    }
  };
  return (
    <form class="login" onSubmit={enter}>
      <label>
        Realm
        <select value={realm} onChange={({ currentTarget }) => setRealm(currentTarget.value)}>
          {facts.realms.map((known) => (
            <option key={known}>{known}</option>
          ))}
        </select>
      </label>
      {facts.tickets ? (
        <>
          <label>
            Name
            <input
              value={name}
              required={!facts.anonymous}
              autocomplete="username"
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
          <label>
            Ticket
            <input
              type="password"
              value={ticket}
              autocomplete="current-password"
              onInput={({ currentTarget }) => setTicket(currentTarget.value)}
            />
          </label>
        </>
      ) : undefined}
      <button type="submit">Enter with both</button>
    </form>
  );
}
