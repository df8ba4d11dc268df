import { expect } from '@jest/globals';
import type { Broker, Principal, PublishCommand } from '../../src/broker/index.js';
import { Payload } from '../../src/broker/index.js';
import type { TestServices, TestServicesOptions } from '../../src/testing/index.js';
import { RecordingEndpoint, testServices } from '../../src/testing/index.js';
import { NOTHING_HELD } from './nothing-held.js';

/** One realm on a manual clock, with endpoints that keep what they are told. */
export class RealmBed {
  readonly services: TestServices;
  readonly broker: Broker;
  /** Where something was reported as a defect. */
  readonly defects: string[] = [];
  readonly #endpoints: RecordingEndpoint[] = [];

  constructor(options: TestServicesOptions = {}) {
    const defect = (where: string): void => void this.defects.push(where);
    this.services = testServices({ instrumentation: { count() {}, event() {}, defect }, ...options });
    this.broker = this.services.realms.find('realm1')!;
  }

  endpoint(principal: Partial<Principal> = {}): RecordingEndpoint {
    const made = new RecordingEndpoint(this.broker, undefined, principal);
    this.#endpoints.push(made);
    return made;
  }

  /** Detaches all endpoints and checks that nothing is left. The end of every test. */
  end(): void {
    for (const made of this.#endpoints) made.attachment.detach();
    this.services.clock.advance(700_000);
    expect(this.broker.stats).toEqual(NOTHING_HELD);
    const { view } = this.broker;
    // An interest that names a history stays.
    const heard = [...view.interests()].filter(({ subscribers }) => subscribers.length > 0);
    expect([...view.sessions(), ...heard, ...view.procedures()]).toEqual([]);
    expect(this.services.clock.pending).toBe(0);
  }
}

/** The pattern that matches one address. */
export function exact(text: string): { readonly match: 'exact'; readonly text: string } {
  return { match: 'exact', text };
}

export function subscribe(who: RecordingEndpoint, topic: string, key = topic): Promise<void> | undefined {
  return who.attachment.subscribe({}, { key, pattern: exact(topic) });
}

export function publish(
  who: RecordingEndpoint,
  topic: string,
  acknowledge = false,
  more: Partial<PublishCommand> = {},
): Promise<void> | undefined {
  return who.attachment.publish({}, { topic, payload: Payload.empty, ...more }, acknowledge);
}
