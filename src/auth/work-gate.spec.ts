import { describe, expect, it } from '@jest/globals';
import { WorkGate } from './work-gate.js';

describe('WorkGate', () => {
  it('never runs more jobs at once than allowed, and runs all that may wait', async () => {
    const gate = new WorkGate(2, 10);
    let running = 0;
    let most = 0;
    const job = async (): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((go) => setImmediate(go));
      running -= 1;
      return 1;
    };
    const results = await Promise.all(Array.from({ length: 20 }, () => gate.run(job)));
    expect(results.filter((result) => result === 1)).toHaveLength(12);
    expect([most, running]).toEqual([2, 0]);
  });

  it('gives the place back when a job fails', async () => {
    const gate = new WorkGate(1, 0);
    await expect(gate.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(gate.run(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
