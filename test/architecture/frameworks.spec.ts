import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { cruise } from './dependencies.js';

// A process of its own, which may have to wait for the processor.
jest.setTimeout(60_000);

const FRAMEWORK =
  /(?:^|\/)node_modules\/(?:@nestjs\/|rxjs\/|reflect-metadata\/|@types\/(?:rxjs|reflect-metadata)\/)/;
const TOP = /^src\/(?:nest|server)\/|^src\/main\.ts$/;

describe('without nest/ and server/,', () => {
  /** file → what it imports */
  let imports: Map<string, readonly string[]>;

  beforeAll(() => {
    imports = new Map(
      cruise().modules.map(({ source, dependencies }) => [
        source,
        dependencies.map(({ resolved }) => resolved),
      ]),
    );
  });

  it('nothing is missing: no file below imports from them', () => {
    const below = [...imports].filter(([file]) => file.startsWith('src/') && !TOP.test(file));
    expect(below.length).toBeGreaterThan(50);
    expect(below.filter(([, to]) => to.some((target) => TOP.test(target))).map(([file]) => file)).toEqual([]);
  });

  it.each(['src/router/index.ts', 'src/subprotocols/index.ts', 'src/testing/index.ts'])(
    '%s reaches neither Nest nor RxJS',
    (entry) => {
      const reached = new Set([entry]);
      for (const file of reached) for (const target of imports.get(file) ?? []) reached.add(target);
      expect(reached.has('src/lib/index.ts')).toBe(true);
      expect([...reached].filter((file) => FRAMEWORK.test(file) || TOP.test(file))).toEqual([]);
    },
  );

  it('the framework is found where it is used, so that this test can fail', () => {
    expect((imports.get('src/nest/index.ts') ?? []).length).toBeGreaterThan(0);
    const used = [...imports].filter(
      ([file, to]) => TOP.test(file) && to.some((target) => FRAMEWORK.test(target)),
    );
    expect(used.length).toBeGreaterThan(0);
  });
});
