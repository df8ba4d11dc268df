import { useState } from 'preact/hooks';
import type { ConnectionState, Side } from '../clients/side';
import { remember, remembered } from '../remembered';
import { useStore } from '../store';

interface ClientHeadProps<T extends string> {
  readonly side: Side;
  readonly name: string;
  /** The package that the client is. */
  readonly client: string;
  readonly choice: {
    readonly label: string;
    readonly values: readonly T[];
    readonly value: T;
    readonly choose: (value: T) => void;
  };
  /** What to try first. */
  readonly hint: string;
}

/** Which client this is, how its connection is, what to try. */
export function ClientHead<T extends string>({ side, name, client, choice, hint }: ClientHeadProps<T>) {
  const state = useStore(side.connection);
  const isOff = state.kind === 'closed' || state.kind === 'refused';
  const select = (chosen: string) => {
    const value = choice.values.find((known) => known === chosen);
    if (value !== undefined) choice.choose(value);
  };
  return (
    <div class="head">
      <div class="title">
        <h2>{name}</h2>
        <label class="choice">
          <span class="unseen">
            {name} {choice.label}
          </span>
          <select value={choice.value} onChange={({ currentTarget }) => select(currentTarget.value)}>
            {choice.values.map((value) => (
              <option key={value}>{value}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="quiet"
          aria-label={`${isOff ? 'Connect' : 'Disconnect'} the ${name} client`}
          onClick={() => (isOff ? side.connect() : side.disconnect())}
        >
          {isOff ? 'Connect' : 'Disconnect'}
        </button>
      </div>
      <p class={`state ${state.kind}`} role="status" aria-label={`${name} connection`}>
        <span class="dot" aria-hidden="true" />
        <span class="words">{stateInWords(state)}</span>
        <span class="package">{client}</span>
      </p>
      <Hint name={name} text={hint} />
    </div>
  );
}

function stateInWords(state: ConnectionState): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting…';
    case 'open':
      return state.awayMs === 0
        ? `Connected as ${state.protocol}`
        : `Connected again after ${(state.awayMs / 1000).toFixed(1)} s as ${state.protocol}`;
    case 'lost':
      return `Connection lost, trying again… ${state.why}`;
    case 'refused':
      return `Refused: ${state.why}`;
    case 'closed':
      return 'Not connected';
    default:
      return state satisfies never;
  }
}

/** A line for the first visit; once put away it stays away. */
function Hint({ name, text }: { readonly name: string; readonly text: string }) {
  const key = `hint.${name}`;
  const [seen, setSeen] = useState(remembered(key) === 'seen');
  if (seen) return undefined;
  const putAway = () => {
    setSeen(true);
    remember(key, 'seen');
  };
  return (
    <p class="hint">
      <span>
        <b>Try</b> {text}
      </span>
      <button type="button" class="icon" aria-label={`Put the ${name} hint away`} onClick={putAway}>
        ×
      </button>
    </p>
  );
}
