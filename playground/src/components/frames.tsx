import { Component } from 'preact';
import { useState } from 'preact/hooks';
import type { FrameLog, Logged, LoggedContent } from '../clients/frame-log';
import { LOG_LENGTH } from '../clients/frame-log';
import { useStore } from '../store';
import { hex, layout, piecesOf } from '../wire/layout';
import type { ShownStompFrame } from '../wire/stomp-frame';
import { clockTime } from './clock-time';
import { useStickyEnd } from './sticky-end';

/** So many characters of a body or message are shown. */
const SHOWN_LENGTH = 4000;

/** Every frame that one client sends and receives. */
export function Frames({ log, name }: { readonly log: FrameLog; readonly name: string }) {
  const { entries, paused, missed } = useStore(log.view);
  const [beats, setBeats] = useState(false);
  const shown = beats ? entries : entries.filter(({ content }) => content.kind !== 'heart-beat');
  const list = useStickyEnd(entries);
  return (
    <section class="frames" aria-label={`${name} frames`}>
      <div class="bar">
        <h3>On the wire</h3>
        {name === 'STOMP' ? (
          <label class="beats">
            <input
              type="checkbox"
              checked={beats}
              onChange={({ currentTarget }) => setBeats(currentTarget.checked)}
            />
            heart-beats
          </label>
        ) : undefined}
        <button
          type="button"
          class="quiet small"
          aria-label={`Pause the ${name} log`}
          aria-pressed={paused}
          onClick={() => log.pause(!paused)}
        >
          {paused ? `Resume${missed === 0 ? '' : ` (${missed} new)`}` : 'Pause'}
        </button>
        <button
          type="button"
          class="quiet small"
          aria-label={`Clear the ${name} log`}
          onClick={() => log.clear()}
        >
          Clear
        </button>
      </div>
      <div
        class="list"
        role="log"
        aria-live="off"
        aria-label={`${name} frames, newest last`}
        tabIndex={0}
        ref={list}
      >
        {shown.length === 0 ? (
          <p class="empty">Frames appear here, the newest last; {LOG_LENGTH} are kept.</p>
        ) : undefined}
        {shown.map((entry) => (
          <Entry key={entry.number} entry={entry} />
        ))}
      </div>
    </section>
  );
}

const ARROWS = { sent: '↑ ', received: '↓ ', none: '' } as const;

/** Rendered once: an entry never changes. */
class Entry extends Component<{ readonly entry: Logged }> {
  override shouldComponentUpdate(next: { readonly entry: Logged }): boolean {
    return next.entry !== this.props.entry;
  }

  override render() {
    const { direction, at, content } = this.props.entry;
    return (
      <article class={`frame ${direction} ${content.kind}`}>
        <p class="when">
          <span class="title">
            {ARROWS[direction]}
            {titleOf(content)}
          </span>
          <span>{direction === 'none' ? '' : direction}</span>
          <time dateTime={at.toISOString()}>{clockTime(at)}</time>
        </p>
        <Content content={content} />
      </article>
    );
  }
}

function titleOf(content: LoggedContent): string {
  switch (content.kind) {
    case 'stomp':
      return content.frame.command;
    case 'wamp':
      return content.name;
    case 'heart-beat':
      return 'heart-beat';
    case 'note':
      return '';
    default:
      return content satisfies never;
  }
}

function Content({ content }: { readonly content: LoggedContent }) {
  switch (content.kind) {
    case 'stomp':
      return <StompFrame frame={content.frame} />;
    case 'wamp':
      return (
        <>
          <pre>{coloured(layout(content.message))}</pre>
          {content.octets === undefined ? undefined : <Octets octets={content.octets} />}
        </>
      );
    case 'heart-beat':
      return undefined;
    case 'note':
      return <p class="note">{content.text}</p>;
    default:
      return content satisfies never;
  }
}

function StompFrame({ frame: { headers, body, ended } }: { readonly frame: ShownStompFrame }) {
  return (
    <pre>
      {headers.map(([name, value], index) => (
        <span key={index} class="header">
          <span class="key">{name}</span>:{value}
          {'\n'}
        </span>
      ))}
      {'\n'}
      <span class="body">{cut(body)}</span>
      {ended ? <Nul /> : undefined}
    </pre>
  );
}

/** The NUL that ends a frame; drawn, because few fonts have a ␀. */
function Nul() {
  return (
    <span class="nul" title="NUL, the end of the frame">
      <span class="unseen">␀</span>
      <svg viewBox="0 0 14 14" aria-hidden="true">
        <path d="M.7 5V.8L3.800 5V.8M5.200 5v2.700a1.600 1.600 0 0 0 3.200 0V5M10 9v4.300h3.300" />
      </svg>
    </span>
  );
}

function Octets({ octets }: { readonly octets: Uint8Array }) {
  return (
    <p class="octets">
      <span>{octets.length} bytes</span> {hex(octets, 24)}
    </p>
  );
}

function cut(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}… (${text.length} characters)`;
}

function coloured(text: string) {
  return piecesOf(cut(text)).map(({ kind, text }, index) =>
    kind === 'plain' ? (
      text
    ) : (
      <span key={index} class={kind}>
        {text}
      </span>
    ),
  );
}
