import { describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunOf, proveFeatures, readFeatures } from '../../scripts/conformance/features.mjs';
import { pages } from '../../scripts/conformance/pages.mjs';
import { prove, readRules } from '../../scripts/conformance/rules.mjs';
import { idsOf, scanTests, testsOf } from '../../scripts/conformance/titles.mjs';
import { ROOT } from './sources.js';

// A process of its own, which may have to wait for the processor.
jest.setTimeout(60_000);

describe('the rules of docs/', () => {
  const lists = readRules(ROOT);
  const tests = scanTests(ROOT);
  const proofs = prove(lists, tests);
  const groups = readFeatures(ROOT);
  const found = proveFeatures(groups, tests);
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
    expect(idsIn('security').filter((id) => !/^[HWSPCXBAZDO]\d{1,2}$/.test(id))).toEqual([]);
  });

  it('are shown by pages that are up to date', () => {
    const stale = [...pages(ROOT, lists, proofs, groups, found)]
      .filter(([file, text]) => readFileSync(join(ROOT, file), 'utf8') !== text)
      .map(([file]) => `${file}: run npm run conformance:write`);
    expect(stale).toEqual([]);
  });

  it('have features beside them, each with a test that is there or a reason why it is not', () => {
    expect(found.faults).toEqual([]);
  });

  it('are printed with their tests by the command', () => {
    const command = [join(ROOT, 'scripts/conformance.mjs'), '--static', 'security'];
    const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    expect(stdout).toMatch(/^✓ S5 {2}.+\n {4}found {2}.+\(src\/.+\.spec\.ts\)$/m);
  });
});

describe('the features of docs/stomp.md', () => {
  const numbered = (letter: string, last: number) =>
    Array.from({ length: last }, (_, at) => `${letter}${at + 1}`);
  const ids = readFeatures(ROOT).flatMap(({ features }) => features.map(({ id }) => id));
  /** `D18a`, `D18b`: a question with several answers. */
  const asked = new Set(ids.map((id) => id.replace(/^([TND]\d+)[a-z]$/, '$1')));

  it('answer every question that other brokers’ users have', () => {
    const clientFrames = ['CONNECT', 'STOMP', 'SEND', 'SUBSCRIBE', 'UNSUBSCRIBE', 'ACK', 'NACK', 'BEGIN'];
    const others = ['COMMIT', 'ABORT', 'DISCONNECT', 'unknown command'];
    const serverFrames = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR', 'close after ERROR'];
    const prefixes = ['/topic/', '/queue/', '/exchange/', '/amq/queue/', '/temp-queue/', '/reply-queue/'];
    const destinations = [...prefixes, '/user/', '/app/', '%2F', 'unknown prefix'];
    const numbers = [...numbered('T', 20), ...numbered('N', 17), ...numbered('D', 20)];
    const all = [...numbers, ...clientFrames, ...others, ...serverFrames, ...destinations];
    expect(all.filter((id) => !asked.has(id))).toEqual([]);
  });

  it('are found in the results of a run, whatever a table put into their titles', () => {
    const written = { file: 'a.spec.ts', around: ['with %s'], title: 'S1: takes %j (twice)' };
    const ran = { file: 'a.spec.ts', around: ['with 1.2'], title: 'S1: takes {"a":1} (twice)' };
    expect(isRunOf(written, ran)).toBe(true);
    expect(isRunOf(written, { ...ran, title: 'S1: takes {"a":1} (once)' })).toBe(false);
    expect(isRunOf(written, { ...ran, file: 'b.spec.ts' })).toBe(false);
    expect(isRunOf(written, { ...ran, around: [] })).toBe(false);
  });

  it('are at fault with a test that is not there, and as a yes without one', () => {
    const feature = { id: 'T1', feature: 'f', answer: 'yes', note: '' } as const;
    const faultsOf = (...tests: string[]) =>
      proveFeatures(
        [{ title: 'g', features: [{ ...feature, tests }] }],
        [{ file: 'a.spec.ts', around: ['a block'], title: 'S1: refuses' }],
      ).faults;
    expect(faultsOf('a.spec.ts › a block › S1: refuses')).toEqual([]);
    expect(faultsOf('a.spec.ts › a block › S2: refuses')).toEqual([
      'T1 names a test that is not there: a.spec.ts › a block › S2: refuses',
    ]);
    expect(faultsOf()).toEqual(['T1 is a yes without a test']);
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
