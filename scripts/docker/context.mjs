/** The build context: the files that a builder would be sent. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseDockerignore } from './dockerignore.mjs';

/**
 * @param {string} root top of the context, with its `.dockerignore`.
 * @returns {string[]} paths of files, with `/`, sorted.
 */
export function contextOf(root) {
  const rules = parseDockerignore(readFileSync(join(root, '.dockerignore'), 'utf8'));
  const files = [];
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (rules.maySee(path)) walk(path);
      } else if (!rules.ignores(path)) files.push(path);
    }
  };
  walk('');
  return files.sort();
}

/** The files that a COPY source names: itself, or what is below it. */
export function filesOf(source, context) {
  const path = posix.normalize(source).replace(/\/$/, '');
  if (path === '.') return context;
  return context.filter((file) => file === path || file.startsWith(`${path}/`));
}

/**
 * COPY sources that are missing or ignored.
 *
 * @param {readonly import('./dockerfile.mjs').Stage[]} stages
 * @param {readonly string[]} context
 */
export function missingSources(stages, context) {
  return stages
    .flatMap(({ steps }) => steps)
    .filter(({ keyword, flags }) => keyword === 'COPY' && !flags.has('from'))
    .flatMap(({ line, args }) =>
      args
        .slice(0, -1)
        .filter((source) => filesOf(source, context).length === 0)
        .map((source) => `line ${line}: COPY ${source}: missing, or ignored by .dockerignore`),
    );
}
