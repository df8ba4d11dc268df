import { useId, useState } from 'preact/hooks';
import { DEMO_PROCEDURES, demoProcedure } from '../clients/procedures';
import type { CallRecord, Side } from '../clients/side';
import { useStore } from '../store';
import { oneLine } from '../wire/layout';
import { useStickyEnd } from './sticky-end';

interface ProceduresProps {
  readonly side: Side;
  readonly other: Side | undefined;
  readonly name: string;
  /** How this protocol says a call. */
  readonly how: string;
}

/** What one client offers and calls. */
export function Procedures({ side, other, name, how }: ProceduresProps) {
  const calls = useStore(side.calls);
  const list = useStickyEnd(calls);
  return (
    <section class="procedures" aria-label={`${name} procedures`}>
      <h3>Procedures</h3>
      <Offers side={side} other={other} name={name} />
      <CallForm side={side} name={name} />
      <div class="calls" role="log" aria-label={`${name} calls`} tabIndex={0} ref={list}>
        {calls.length === 0 ? <p class="empty">A call is a {how}. Its outcome appears here.</p> : undefined}
        {calls.map((call) => (
          <Call key={call.number} call={call} cancel={() => side.cancel(call)} />
        ))}
      </div>
    </section>
  );
}

/** A procedure can have one offerer; who takes it here takes it from the other client. */
function Offers({ side, other, name }: Omit<ProceduresProps, 'how'>) {
  const offers = useStore(side.offers);
  const toggle = async (uri: string) => {
    if (side.offers.value.has(uri)) return side.withdraw(uri);
    if (other?.offers.value.has(uri) === true) await other.withdraw(uri);
    side.offer(uri);
  };
  return (
    <div class="offers" role="group" aria-label={`Procedures that the ${name} client offers`}>
      <span class="label" aria-hidden="true">
        Offer
      </span>
      {DEMO_PROCEDURES.map(({ uri, name, does }) => (
        <button
          key={uri}
          type="button"
          class={`chip ${offers.get(uri) ?? ''}`}
          aria-pressed={offers.has(uri)}
          title={`${uri}: ${does}`}
          onClick={() => void toggle(uri)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function CallForm({ side, name }: Pick<ProceduresProps, 'side' | 'name'>) {
  const { kind } = useStore(side.connection);
  const [uri, setUri] = useState(DEMO_PROCEDURES[0]?.uri ?? '');
  const [args, setArgs] = useState(DEMO_PROCEDURES[0]?.example ?? '[]');
  const [wrong, setWrong] = useState(false);
  const known = useId();
  const trouble = useId();
  const chooseUri = (chosen: string) => {
    setUri(chosen);
    const example = demoProcedure(chosen)?.example;
    if (example === undefined) return;
    setArgs(example);
    setWrong(false);
  };
  const call = (event: SubmitEvent) => {
    event.preventDefault();
    const values = argumentsOf(args);
    setWrong(values === undefined);
    if (values !== undefined && uri !== '' && side.isOpen) side.call(uri.trim(), values);
  };
  return (
    <form class="call-form" onSubmit={call}>
      <input
        class="uri"
        aria-label={`Procedure that the ${name} client calls`}
        list={known}
        value={uri}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => chooseUri(currentTarget.value)}
      />
      <datalist id={known}>
        {DEMO_PROCEDURES.map(({ uri, does }) => (
          <option key={uri} value={uri} label={does} />
        ))}
      </datalist>
      <input
        class="args"
        aria-label={`Arguments of the ${name} call, a JSON array`}
        aria-invalid={wrong}
        aria-describedby={wrong ? trouble : undefined}
        value={args}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => setArgs(currentTarget.value)}
      />
      <button type="submit" disabled={kind !== 'open'}>
        Call
      </button>
      {wrong ? (
        <p class="wrong" role="alert" id={trouble}>
          Arguments are a JSON array, such as [2, 3].
        </p>
      ) : undefined}
    </form>
  );
}

function argumentsOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '[]' : text);
    return Array.isArray(value) ? (value as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}

function Call({ call, cancel }: { readonly call: CallRecord; readonly cancel: () => void }) {
  const { uri, args, state, outcome, tookMs } = call;
  const name = demoProcedure(uri)?.name ?? uri;
  return (
    <div class={`call ${state}`}>
      <code class="asked">
        {name}({args.map(oneLine).join(', ')})
      </code>
      {state === 'running' ? (
        <Running call={call} name={name} cancel={cancel} />
      ) : (
        <>
          <code class="outcome">
            {state === 'failed' ? '✗ ' : '= '}
            {state === 'failed' ? String(outcome) : oneLine(outcome ?? null)}
          </code>
          <span class="took">{tookMs === undefined ? '' : `${tookMs.toFixed(tookMs < 10 ? 1 : 0)} ms`}</span>
        </>
      )}
    </div>
  );
}

function Running(props: { readonly call: CallRecord; readonly name: string; readonly cancel: () => void }) {
  const { call, name, cancel } = props;
  const steps = stepsOf(call.progress);
  return (
    <span class="in-progress">
      {steps === undefined ? (
        <span>{call.progress === undefined ? 'waiting…' : oneLine(call.progress)}</span>
      ) : (
        <>
          <progress value={steps.step} max={steps.of} aria-label={`Progress of ${name}`} />
          <span>
            {steps.step} of {steps.of}
          </span>
        </>
      )}
      <button type="button" class="quiet small" aria-label={`Cancel ${name}`} onClick={cancel}>
        Cancel
      </button>
    </span>
  );
}

function stepsOf(progress: unknown): { readonly step: number; readonly of: number } | undefined {
  if (typeof progress !== 'object' || progress === null) return undefined;
  if (!('step' in progress && 'of' in progress)) return undefined;
  const { step, of } = progress;
  return typeof step === 'number' && typeof of === 'number' ? { step, of } : undefined;
}
