/** What a client's `Sec-WebSocket-Protocol` header came to. */
export type Negotiation =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'nothing_offered' }
  | { readonly kind: 'refused'; readonly message: string };

/** What to do with a client that offers nothing: ask the subprotocols later, or refuse. */
export type Unnegotiated = 'recognise' | 'reject';

/** Longer lists are refused; the HTTP parser's own limit may be higher. */
const MAX_LIST_LENGTH = 8192;
/** More tokens than anybody has protocols. */
const MAX_TOKENS = 64;

const COMMA = 0x2c;
const SPACE = 0x20;
const TAB = 0x09;

/** Octet → 1 if it may stand in a token [RFC 7230 §3.2.6]. */
const TOKEN_CHARS = tokenTable();

/**
 * Chooses the subprotocol: the first token of the client's list that is supported [RFC 6455 §4.2.2].
 *
 * @param header the header's value, one string per header line; several lines are one list [RFC 6455 §11.3.4].
 */
export function negotiate(
  header: string | readonly string[] | undefined,
  supported: ReadonlySet<string>,
  unnegotiated: Unnegotiated,
): Negotiation {
  if (header === undefined) {
    if (unnegotiated === 'recognise') return { kind: 'nothing_offered' };
    return refused('No subprotocol was offered.', supported);
  }
  const offered = parseTokens(typeof header === 'string' ? header : header.join(', '));
  if (typeof offered === 'string') return refused(offered, supported);
  for (const token of offered) if (supported.has(token)) return { kind: 'token', token };
  return refused('None of the offered subprotocols is supported.', supported);
}

function refused(problem: string, supported: ReadonlySet<string>): Negotiation {
  return { kind: 'refused', message: `${problem} Supported: ${[...supported].join(', ')}.` };
}

/**
 * Reads a comma-separated list of tokens in one pass: the tokens in their order, or a text that says what is wrong and at
 * which index. Stricter than HTTP asks of a recipient: empty elements and repeated tokens are refused.
 */
export function parseTokens(list: string): ReadonlySet<string> | string {
  if (list.length > MAX_LIST_LENGTH) {
    return `The list of subprotocols is longer than ${MAX_LIST_LENGTH} characters.`;
  }
  const tokens = new Set<string>();
  /** Where the current token begins and ends (exclusive); -1 while there is none. */
  let start = -1;
  let end = -1;
  for (let at = 0; at <= list.length; at += 1) {
    const char = at === list.length ? COMMA : list.charCodeAt(at);
    if (char === COMMA) {
      if (start === -1) return `The list of subprotocols has an empty element at index ${at}.`;
      const token = list.slice(start, end === -1 ? at : end);
      if (tokens.has(token)) return `The subprotocol ${token} is offered twice, again at index ${start}.`;
      tokens.add(token);
      if (tokens.size > MAX_TOKENS) return `More than ${MAX_TOKENS} subprotocols are offered.`;
      start = -1;
      end = -1;
    } else if (char === SPACE || char === TAB) {
      if (start !== -1 && end === -1) end = at;
    } else if (char < 128 && TOKEN_CHARS[char] === 1 && end === -1) {
      if (start === -1) start = at;
    } else {
      return `The list of subprotocols has an unexpected character at index ${at}.`;
    }
  }
  return tokens;
}

function tokenTable(): Uint8Array {
  const table = new Uint8Array(128);
  const legal = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (let i = 0; i < legal.length; i += 1) table[legal.charCodeAt(i)] = 1;
  return table;
}
