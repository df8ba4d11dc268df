import { CONFIG_KEYS } from './keys.js';
import type { ConfigKey } from './keys.js';

const INTRODUCTION = `<!-- Generated from the schema by \`mangrove config-docs\`; do not edit. -->

# Configuration

The server starts without any configuration. A YAML file changes what you want changed:

\`\`\`sh
mangrove serve --config mangrove.yaml
\`\`\`

What counts, first wins: the command line (\`--config\`, \`--json-logs\`) and the environment (\`HOST\`, \`PORT\`,
\`MANGROVE_CONFIG\` for the file), then the file, then the defaults below. \`mangrove check-config <file>\` says what is wrong
with a file, line by line; an unknown key or a wrong value stops the start with exit code 2.

A server that listens on anything but loopback refuses to start until you say who may come in. Either

\`\`\`yaml
host: 0.0.0.0
anonymous: true # everybody, without a login
\`\`\`

or

\`\`\`yaml
host: 0.0.0.0
authentication:
  principals:
    - authid: alice
      role: backend
      ticket: '$scrypt$ln=14,r=8,p=5$…$…' # printed by: mangrove hash --ticket
\`\`\`

A WAMP client logs in with the method \`ticket\`, a STOMP client with \`login\` and \`passcode\`. All the other ways, tokens among them, are
in [Authentication](authentication.md).

## Keys
`;

/** The reference page of the configuration, in Markdown. */
export function renderReferencePage(): string {
  const sections: string[] = [INTRODUCTION];
  const topLevel = CONFIG_KEYS.filter(({ path }) => path !== '' && !path.includes('.') && !isEntry(path));
  sections.push(table(topLevel));
  for (const section of CONFIG_KEYS) {
    if (section.path === '' || section.children === undefined) continue;
    sections.push(`\n### \`${section.path}\`\n\n${sentence(section)}${table(childrenOf(section))}`);
  }
  return sections.join('\n');
}

function isEntry(path: string): boolean {
  return path.endsWith('[]');
}

function childrenOf(section: ConfigKey): readonly ConfigKey[] {
  const paths = new Set(section.children?.map((name) => `${section.path}.${name}`));
  return CONFIG_KEYS.filter(({ path }) => paths.has(path));
}

function sentence({ description }: ConfigKey): string {
  return description === '' ? '' : `${description.replace(/\.$/, '')}.\n\n`;
}

function table(keys: readonly ConfigKey[]): string {
  const rows = keys.map(
    (key) => `| ${link(key)} | ${cell(allowedIn(key))} | ${defaultOf(key)} | ${cell(key.description)} |`,
  );
  return ['| key | allowed | default | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** A section's keys have a table of their own. */
function allowedIn({ allowed, children }: ConfigKey): string {
  return children === undefined ? allowed : 'a section, see below';
}

function link({ path, children }: ConfigKey): string {
  const name = path.slice(path.lastIndexOf('.') + 1);
  return children === undefined
    ? `\`${name}\``
    : `[\`${name}\`](#${path.replaceAll(/[.[\]]/g, '').toLowerCase()})`;
}

function defaultOf({ defaultValue, children }: ConfigKey): string {
  if (defaultValue === undefined || children !== undefined) return '–';
  return `\`${defaultValue}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
