import { describe, expect, it } from '@jest/globals';
import type { Instrumentation } from '../broker/index.js';
import { contained } from './contained-instrumentation.js';

const broken = (): never => {
  throw new Error('the disk is full');
};

describe('contained instrumentation', () => {
  it('passes everything on', () => {
    const heard: unknown[] = [];
    const instrumentation = contained({
      count: (...report) => heard.push(report),
      event: (...report) => heard.push(report),
      defect: (...report) => heard.push(report),
    });
    instrumentation.count('frames', 2);
    instrumentation.event('closed', { code: 1000 });
    instrumentation.defect('somewhere', 'why');
    expect(heard).toEqual([
      ['frames', 2],
      ['closed', { code: 1000 }],
      ['somewhere', 'why'],
    ]);
  });

  it('B14: reports what its counter or its log throws as a defect, and throws nothing', () => {
    const defects: string[] = [];
    const instrumentation = contained({
      count: broken,
      event: broken,
      defect: (where, error) => defects.push(`${where}: ${(error as Error).message}`),
    });
    instrumentation.count('frames');
    instrumentation.event('closed', {});
    expect(defects).toEqual([
      'instrumentation.count: the disk is full',
      'instrumentation.event: the disk is full',
    ]);
  });

  it('B14: passes over what is thrown where defects are reported', () => {
    const instrumentation = contained({ count: broken, event: broken, defect: broken });
    expect(() => instrumentation.count('frames')).not.toThrow();
    expect(() => instrumentation.event('closed', {})).not.toThrow();
    expect(() => instrumentation.defect('somewhere', 'why')).not.toThrow();
  });

  it('B14: leaves no rejected promise of an async method unheard', async () => {
    const defects: string[] = [];
    const rejecting: Instrumentation = {
      count: async () => broken(),
      event: async () => broken(),
      defect: async (where) => {
        defects.push(where);
        broken();
      },
    };
    const instrumentation = contained(rejecting);
    instrumentation.count('frames');
    instrumentation.event('closed', {});
    await new Promise((later) => setImmediate(later));
    expect(defects).toEqual(['instrumentation.count', 'instrumentation.event']);
  });
});
