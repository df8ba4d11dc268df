/** What is shown in the place of a secret. */
export const SECRET = '••••••';

/** A STOMP frame as it is shown: nothing is unescaped, a passcode is hidden. */
export interface ShownStompFrame {
  readonly command: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Whether the NUL that ends a frame was there. */
  readonly ended: boolean;
}

const utf8 = new TextDecoder();

/** Takes a frame apart for showing; undefined for a heart-beat. */
export function shownStompFrame(data: string | Uint8Array): ShownStompFrame | undefined {
  const text = typeof data === 'string' ? data : utf8.decode(data);
  if (/^[\r\n]*$/.test(text)) return undefined;
  const head = /\r?\n\r?\n/.exec(text);
  const [command = '', ...lines] = (head === null ? text : text.slice(0, head.index)).split(/\r?\n/);
  const rest = head === null ? '' : text.slice(head.index + head[0].length);
  const end = rest.lastIndexOf('\0');
  return {
    command,
    headers: lines.map(shownHeader),
    body: end === -1 ? rest : rest.slice(0, end),
    ended: end !== -1,
  };
}

function shownHeader(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  const name = line.slice(0, colon);
  return [name, name === 'passcode' ? SECRET : line.slice(colon + 1)];
}
