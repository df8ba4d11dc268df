import { describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from '../../scripts/conformance/pages.mjs';
import { prove, readRules } from '../../scripts/conformance/rules.mjs';
import { idsOf, scanTests, testsOf } from '../../scripts/conformance/titles.mjs';
import { ROOT } from './sources.js';

// A process of its own, which may have to wait for the processor.
jest.setTimeout(60_000);

describe('the rules of docs/', () => {
  const lists = readRules(ROOT);
  const proofs = prove(lists, scanTests(ROOT));
  const idsIn = (name: string) => lists.find((list) => list.name === name)!.rules.map(({ id }) => id);

  it('each have a test that names them', () => {
    expect(proofs.holes).toEqual([]);
  });

  it('are the only ones that titles name', () => {
    expect(proofs.faults).toEqual([]);
  });

  it('have ids of their list, in order', () => {
    const numbers = (ids: readonly string[]) => ids.map((id) => Number(id.slice(id.indexOf('-') + 1)));
    const sorted = (values: readonly number[]) => [...values].sort((one, other) => one - other);
    for (const [name, shape] of [
      ['stomp', /^STOMP-\d\d$/],
      ['wamp', /^WAMP-\d{2,3}$/],
    ] as const) {
      const ids = idsIn(name);
      expect(ids.filter((id) => !shape.test(id))).toEqual([]);
      expect(numbers(ids)).toEqual(sorted(numbers(ids)));
    }
    expect(idsIn('security').filter((id) => !/^[HWSPCXBAO]\d{1,2}$/.test(id))).toEqual([]);
  });

  it('are shown by pages that are up to date', () => {
    const stale = [...pages(ROOT, lists, proofs)]
      .filter(([file, text]) => readFileSync(join(ROOT, file), 'utf8') !== text)
      .map(([file]) => `${file}: run npm run conformance:write`);
    expect(stale).toEqual([]);
  });

  it('are printed with their tests by the command', () => {
    const command = [join(ROOT, 'scripts/conformance.mjs'), '--static', 'security'];
    const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    expect(stdout).toMatch(/^✓ S5 {2}.+\n {4}found {2}.+\(src\/.+\.spec\.ts\)$/m);
  });
});

describe('a title', () => {
  it('names ids before its first colon', () => {
    expect(idsOf('S5 STOMP-15: refuses: all of it')).toEqual({ ids: ['S5', 'STOMP-15'], fault: undefined });
  });

  it('that begins with another word names none', () => {
    expect(idsOf('given S5: refuses')).toEqual({ ids: [], fault: undefined });
    expect(idsOf('speaks STOMP 1.2')).toEqual({ ids: [], fault: undefined });
  });

  it('that begins with an id is at fault without a colon, or with other words before it', () => {
    expect(idsOf('S5 refuses').fault).toBe('begins with an id but has no colon after it');
    expect(idsOf('S5 frames: refuses').fault).toBe('has words that are no ids before its colon: frames');
  });

  it('is found in every way to write a test', () => {
    const source = `
      describe('S1: outside', () => {
        it('plain', () => {});
        it.each([1, 2])('S2: each %s', () => {});
        it.each\`a\`('S3: table', () => {});
        for (const x of []) test(\`S4: of \${x}\`, () => {});
        describe.each([])('S5: inside', () => it('S6: ' + 'deep', () => {}));
      });
      other.it('S7: not a test');
    `;
    expect(testsOf('a.spec.ts', source).map(({ title, around }) => [...around, title].join(' › '))).toEqual([
      'S1: outside › plain',
      'S1: outside › S2: each %s',
      'S1: outside › S3: table',
      'S1: outside › S4: of …',
      'S1: outside › S5: inside › S6: deep',
    ]);
  });
});

describe('the proof', () => {
  const lists = [{ name: 'x', file: 'x.json', rules: [{ id: 'S1', threat: 't', behaviour: 'b' }] }];
  const named = (title: string, ...around: string[]) => ({ file: 'a.spec.ts', title, around });

  it('has a hole for an id without a test', () => {
    expect(prove(lists, [named('something else')]).holes).toEqual(['S1']);
  });

  it('counts a test by the block around it', () => {
    const proof = named('refuses', 'S1: a block');
    expect(prove(lists, [proof]).byId.get('S1')).toEqual([proof]);
  });

  it('is at fault with an id that no list has', () => {
    expect(prove(lists, [named('STOMP-99: refuses')]).faults).toEqual([
      'a.spec.ts: “STOMP-99: refuses” names STOMP-99, which no list has',
    ]);
  });
});
