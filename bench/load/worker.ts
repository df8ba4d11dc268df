import { serve } from '../processes/child.js';
import type { Cast } from '../scenarios/index.js';
import { scenarios } from '../scenarios/index.js';
import { dialects } from './dialects/index.js';

/** The load process: connects the clients of one round after the other and runs them, as it is told. */
let cast: Cast | undefined;

serve({
  async prepare({ scenario, dialect, port, setting }) {
    const found = scenarios.find(({ name }) => name === scenario);
    if (found === undefined) throw new Error(`no scenario ${scenario}`);
    cast = await found.prepare({ port, dialect: dialects[dialect] }, setting);
  },
  run({ ms, verify }) {
    if (cast === undefined) throw new Error('not prepared');
    return cast.run(ms, verify);
  },
  drain() {
    if (cast?.drain === undefined) throw new Error('nothing to drain');
    return cast.drain();
  },
  async close() {
    await cast?.close();
    cast = undefined;
  },
});
