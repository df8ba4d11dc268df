/** One instruction. */
export interface Step {
  readonly line: number;
  readonly keyword: string;
  readonly text: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly args: readonly string[];
  readonly properties: readonly (readonly [string, string])[];
  /** Of CMD, ENTRYPOINT and HEALTHCHECK, if they are in exec form. */
  readonly exec: readonly string[] | undefined;
}

/** What a FROM begins. */
export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly steps: readonly Step[];
}

/** See dockerfile.mjs. */
export function readDockerfile(text: string): { readonly stages: Stage[]; readonly faults: string[] };
