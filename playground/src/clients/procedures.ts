/** An error of a procedure: its URI and what it says. */
export class ProcedureError extends Error {
  constructor(
    readonly uri: string,
    readonly args: readonly unknown[] = [],
  ) {
    super(uri);
  }
}

/** What a procedure gets besides its arguments. */
export interface Invoked {
  readonly signal: AbortSignal;
  /** Sends a part of the result, if the caller wants such. */
  progress(value: unknown): void;
}

/** A procedure that either client can offer. */
export interface DemoProcedure {
  readonly uri: string;
  /** The last word of its name. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly does: string;
  /** Arguments to try it with, as JSON. */
  readonly example: string;
  run(args: readonly unknown[], invoked: Invoked): unknown;
}

const STEP_MS = 400;

function add(args: readonly unknown[]): number {
  let sum = 0;
  for (const term of args) {
    if (typeof term !== 'number') {
      throw new ProcedureError('wamp.error.invalid_argument', ['add takes numbers']);
    }
    sum += term;
  }
  return sum;
}

async function slow([steps = 5]: readonly unknown[], { signal, progress }: Invoked): Promise<string> {
  if (typeof steps !== 'number' || !(steps >= 1 && steps <= 50)) {
    throw new ProcedureError('wamp.error.invalid_argument', ['slow takes a number of steps, 1 to 50']);
  }
  for (let step = 1; step <= steps; step++) {
    await new Promise((go) => setTimeout(go, STEP_MS));
    if (signal.aborted) throw new ProcedureError('wamp.error.canceled');
    progress({ step, of: steps });
  }
  return `took ${steps} steps`;
}

/** What the page offers and calls. */
export const DEMO_PROCEDURES: readonly DemoProcedure[] = [
  { uri: 'com.example.add', name: 'add', does: 'adds numbers', example: '[2, 3]', run: add },
  {
    uri: 'com.example.echo',
    name: 'echo',
    does: 'gives back what it gets',
    example: '["¿qué tal?", { "n": 1 }]',
    run: (args) => (args.length === 1 ? args[0] : args),
  },
  {
    uri: 'com.example.slow',
    name: 'slow',
    does: 'reports progress; can be cancelled',
    example: '[8]',
    run: slow,
  },
  {
    uri: 'com.example.fail',
    name: 'fail',
    does: 'always answers with an error',
    example: '[]',
    run: () => {
      throw new ProcedureError('com.example.error.on_purpose', ['this one always fails']);
    },
  },
];

/** The demo procedure of that name. */
export function demoProcedure(uri: string): DemoProcedure | undefined {
  return DEMO_PROCEDURES.find((procedure) => procedure.uri === uri);
}
