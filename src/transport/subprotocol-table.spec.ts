import { describe, expect, it } from '@jest/globals';
import type { Subprotocol } from '../subprotocols/subprotocol.js';
import { SubprotocolTable } from './subprotocol-table.js';

const defects: string[] = [];
const instrumentation = {
  count: () => {},
  event: () => {},
  defect: (where: string) => void defects.push(where),
};

function named(
  name: string,
  tokens: readonly string[],
  recognises?: (first: Buffer) => boolean,
): Subprotocol {
  const open = (): never => {
    throw new Error('not opened here');
  };
  return recognises === undefined ? { name, tokens, open } : { name, tokens, open, recognises };
}

describe('SubprotocolTable', () => {
  it('knows the owner of each token, in order', () => {
    const one = named('one', ['a', 'b']);
    const two = named('two', ['c']);
    const table = new SubprotocolTable([one, two], instrumentation);
    expect([...table.tokens]).toEqual(['a', 'b', 'c']);
    expect([table.owner('b'), table.owner('c'), table.owner('d')]).toEqual([one, two, undefined]);
  });

  it('H9: refuses two owners of one token and names both', () => {
    const subprotocols = [named('one', ['a']), named('two', ['b', 'a'])];
    expect(() => new SubprotocolTable(subprotocols, instrumentation)).toThrow(
      'The subprotocols one and two both claim the token a.',
    );
  });

  it('H4: asks in order who recognises a first message; one that throws does not', () => {
    const mute = named('mute', ['a']);
    const broken = named('broken', ['b'], () => {
      throw new Error('a bug');
    });
    const first = named('first', ['c'], (message) => message[0] === 0x78);
    const second = named('second', ['d'], () => true);
    const table = new SubprotocolTable([mute, broken, first, second], instrumentation);
    expect(table.recognise(Buffer.from('x'), false)).toBe(first);
    expect(table.recognise(Buffer.from('y'), false)).toBe(second);
    expect(defects).toEqual(['broken.recognises', 'broken.recognises']);
  });
});
