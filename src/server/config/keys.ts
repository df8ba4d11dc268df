import { z } from 'zod';
import { configSchema } from './schema.js';

/** One key of the configuration, as the reference page and the error messages tell it. */
export interface ConfigKey {
  /** Dotted path; `[]` stands for any position in a list. */
  readonly path: string;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** The default as it would be written in YAML; undefined if there is none. */
  readonly defaultValue: string | undefined;
  readonly description: string;
  /** Whether its value must not be repeated in messages. */
  readonly secret: boolean;
  /** The keys inside, for a section; undefined for a value. */
  readonly children: readonly string[] | undefined;
}

/** What we read of a JSON Schema node. */
const nodeSchema = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.json().optional(),
  allowed: z.string().optional(),
  unit: z.string().optional(),
  secret: z.boolean().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  get properties() {
    return z.record(z.string(), nodeSchema).optional();
  },
  get items() {
    return nodeSchema.optional();
  },
});
type Node = z.output<typeof nodeSchema>;

/** All keys, a section before its contents, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = [
  ...keysOf('', nodeSchema.parse(z.toJSONSchema(configSchema, { io: 'input' }))),
];

const BY_PATH = new Map(CONFIG_KEYS.map((key) => [key.path, key]));

/** Finds the key for a path of names and list positions; a path inside a value answers that value's key. */
export function findKey(path: readonly PropertyKey[]): ConfigKey | undefined {
  return BY_PATH.get(formatPath(path, () => '[]'));
}

/** Writes a path as people do: `authentication.principals[0].ticket`. */
export function formatPath(
  path: readonly PropertyKey[],
  position: (index: number) => string = (index) => `[${index}]`,
): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += position(step);
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text;
}

function* keysOf(path: string, node: Node): Generator<ConfigKey> {
  const children = node.properties === undefined ? undefined : Object.keys(node.properties);
  yield {
    path,
    allowed: allowedBy(node),
    defaultValue: node.default === undefined ? undefined : JSON.stringify(node.default),
    description: node.description ?? '',
    secret: node.secret === true,
    children,
  };
  if (node.items !== undefined) yield* keysOf(`${path}[]`, node.items);
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    yield* keysOf(path === '' ? name : `${path}.${name}`, child);
  }
}

function allowedBy(node: Node): string {
  if (node.allowed !== undefined) return node.allowed;
  if (node.enum !== undefined) return node.enum.join(' or ');
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'integer') {
    const unit = node.unit === undefined ? '' : ` (${node.unit})`;
    return `a whole number from ${node.minimum} to ${node.maximum}${unit}`;
  }
  if (node.type === 'array') {
    return node.items?.properties === undefined
      ? `a list; each entry ${node.items === undefined ? 'anything' : allowedBy(node.items)}`
      : 'a list of sections';
  }
  return `a section with the keys ${Object.keys(node.properties ?? {}).join(', ')}`;
}
