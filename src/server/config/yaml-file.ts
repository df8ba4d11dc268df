import { readFileSync, statSync } from 'node:fs';
import { LineCounter, isMap, isScalar, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { systemErrorCode } from '../system-error.js';
import { ConfigurationError } from './problems.js';
import type { Locate } from './problems.js';

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** A configuration file as read: its content, and where in the file each key stands. */
export interface ConfigFile {
  readonly content: unknown;
  readonly locate: Locate;
}

/**
 * Reads a YAML (or JSON) file.
 *
 * @throws ConfigurationError if it cannot be read, is too big, or is no YAML (with line and column).
 */
export function readConfigFile(path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, strict: true, uniqueKeys: true });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    throw new ConfigurationError(
      broken.map(({ message, linePos }) => {
        const [start] = linePos ?? [{ line: 1, col: 1 }];
        return `${path}:${start.line}:${start.col}: ${message.split('\n')[0]?.replace(/ at line .*$/, '')}`;
      }),
    );
  }
  const locate: Locate = (key) => {
    const offset = offsetOf(document, key);
    if (offset === undefined) return `${path}: `;
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}: `;
  };
  return { content: toPlain(document, path), locate };
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_BYTES) {
      throw new ConfigurationError([
        `${path}: has ${size} bytes; a configuration may have ${MAX_FILE_BYTES}`,
      ]);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError([`${path}: cannot be read: ${reasonOf(error)}`]);
  }
}

function toPlain(document: Document, path: string): unknown {
  try {
    // An empty file, or one of comments only, changes nothing.
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new ConfigurationError([`${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** Where a key stands in the text; its section's place if the key itself is missing. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const step = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isScalar(node) && node.range) return node.range[0];
  }
  return undefined;
}

function reasonOf(error: unknown): string {
  const code = systemErrorCode(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return code ?? String(error);
}
