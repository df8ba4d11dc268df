import type { Target } from '../load/connect.js';
import { connectAll } from '../load/connect.js';
import { callers, CallsCast } from './calls.js';
import type { Cast, Scenario } from './scenario.js';

/**
 * Callers with one call in flight each; what they call lives in the server's process: a decorated method of a Nest application
 * behind one guard and one pipe, beside a function that is registered with the same router. The difference is what Nest costs.
 */
export function procedures(inFlight: number): Scenario {
  return {
    name: `procedures-${inFlight}`,
    title: `procedures, ${inFlight} calls in flight by WAMP json, to the server's own process, 128 B`,
    unit: 'call',
    plain: { name: 'bare callee', server: 'mangrove-callee', dialect: 'wamp-json' },
    contenders: [{ name: 'Nest procedure', server: 'mangrove-nest', dialect: 'wamp-json' }],
    floor: undefined,
    async prepare(target: Target): Promise<Cast> {
      return new CallsCast(undefined, await connectAll(target, callers(inFlight)), target.dialect);
    },
  };
}
