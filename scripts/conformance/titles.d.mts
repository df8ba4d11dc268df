/** One test as its source shows it. */
export interface Test {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly line: number;
  readonly title: string;
  /** Titles of the `describe` blocks around it, outermost first. */
  readonly around: readonly string[];
}

export function idsOf(title: string): { readonly ids: string[]; readonly fault: string | undefined };
export function specFiles(root: string, folders?: readonly string[]): string[];
export function testsOf(file: string, text: string): Test[];
export function scanTests(root: string): Test[];
