import { wamp } from '../../src/subprotocols/wamp/index.js';
import type { WampOptions } from '../../src/subprotocols/wamp/index.js';
import { testServices } from '../../src/testing/index.js';
import type { TestServices, TestServicesOptions } from '../../src/testing/index.js';

/** Services of a router whose realms answer what WAMP adds to them: the meta API, testaments, histories, reflection. */
export function wampServices(options: TestServicesOptions = {}, wampOptions: WampOptions = {}): TestServices {
  const services = testServices(options);
  for (const broker of services.brokers.values()) wamp(wampOptions).realmStarted?.(broker);
  return services;
}
