/** See dockerignore.mjs. */
export function parseDockerignore(text: string): {
  /** Whether a path below the context, with `/`, stays out. */
  readonly ignores: (path: string) => boolean;
  /** Whether a folder has to be looked into. */
  readonly maySee: (folder: string) => boolean;
};
