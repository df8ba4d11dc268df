/** See tarball.mjs. */
export function faultsOf(folder: string, files: readonly string[], bytes: number): string[];
