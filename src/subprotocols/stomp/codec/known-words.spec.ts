import { describe, expect, it } from '@jest/globals';
import { KNOWN_COMMANDS, KNOWN_NAMES, KnownWords } from './known-words.js';

describe('known words', () => {
  const find = (words: KnownWords, text: string): string | undefined => {
    const bytes = Buffer.from(`<${text}>`);
    return words.find(bytes, 1, bytes.length - 1);
  };

  it.each(['SEND', 'ACK', 'NACK', 'SUBSCRIBE', 'UNSUBSCRIBE'])('finds the command %s', (command) => {
    expect(find(KNOWN_COMMANDS, command)).toBe(command);
  });

  it.each(['destination', 'content-type', 'content-length', 'receipt', 'reply-to', 'correlation-id'])(
    'finds the header %s',
    (name) => {
      expect(find(KNOWN_NAMES, name)).toBe(name);
    },
  );

  it.each(['', 'destinatioN', 'destinaXion', 'destination2', 'estination', 'x', 'é'])(
    'does not know %j',
    (name) => {
      expect(find(KNOWN_NAMES, name)).toBeUndefined();
    },
  );

  it('takes no word for another of the same length, first and last octet', () => {
    const words = new KnownWords(['abcd', 'axxd']);
    expect([find(words, 'abcd'), find(words, 'axxd'), find(words, 'ayyd')]).toEqual([
      undefined,
      'axxd',
      undefined,
    ]);
  });
});
