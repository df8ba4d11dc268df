import { useState } from 'preact/hooks';
import type { Side } from '../clients/side';
import { useStore } from '../store';
import { clockTime } from './clock-time';
import { useStickyEnd } from './sticky-end';

interface ChatProps {
  readonly side: Side;
  readonly name: string;
  /** The room, as this protocol names it. */
  readonly address: string;
}

/** The room as one client hears it. */
export function Chat({ side, name, address }: ChatProps) {
  const lines = useStore(side.chat);
  const { kind } = useStore(side.connection);
  const [text, setText] = useState('');
  const list = useStickyEnd(lines);
  const say = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() === '' || !side.isOpen) return;
    side.say(text);
    setText('');
  };
  return (
    <section class="chat" aria-label={`${name} chat`}>
      <h3>
        Chat <code>{address}</code>
      </h3>
      <div class="lines" role="log" aria-label={`${name} messages`} tabIndex={0} ref={list}>
        {lines.length === 0 ? <p class="empty">Nobody has said anything yet.</p> : undefined}
        {lines.map(({ key, at, text, own }) => (
          <p key={key} class={own ? 'line own' : 'line'}>
            <span class="text">{text}</span>
            <time dateTime={at.toISOString()}>
              {own ? 'you, ' : ''}
              {clockTime(at).slice(0, 8)}
            </time>
          </p>
        ))}
      </div>
      <form class="say" onSubmit={say}>
        <input
          aria-label={`Say something as the ${name} client`}
          placeholder="Say something"
          value={text}
          maxLength={2000}
          autocomplete="off"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit" disabled={kind !== 'open'}>
          Send
        </button>
      </form>
    </section>
  );
}
