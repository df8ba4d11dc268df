import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of a file that `npm run build` makes.
 *
 * @throws Error if it is not there: what is tested is the product as it is shipped.
 */
export function built(file: string): string {
  const path = fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`dist/${file} is missing: run "npm run build" first.`);
  return path;
}
