import { describe, expect, it } from '@jest/globals';
import { consume, send } from '../../../test/support/queue-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';

describe('consumers that choose', () => {
  it('B11: take turns in the order of their last turns, though all had nothing to do meanwhile', () => {
    const bed = new RealmBed();
    const sender = bed.endpoint();
    const workers = Array.from({ length: 5 }, () => bed.endpoint());
    const filter = { accepts: () => true };
    for (const worker of workers) consume(worker, 'jobs', { filter, settling: 'auto' });
    const got: number[] = [];
    for (let sent = 0; sent < 15; sent += 1) {
      send(sender, 'jobs', `${sent}`);
      got.push(workers.findIndex((worker) => worker.take().some((told) => told.startsWith('consumed'))));
    }
    expect(got).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    bed.end();
  });

  it('B6: of thousands that want nothing each is looked for once when a message comes', () => {
    const bed = new RealmBed();
    const sender = bed.endpoint();
    const idle = Array.from({ length: 4 }, () => bed.endpoint());
    let asked = 0;
    const filter = { accepts: () => (asked += 1) < 0 };
    for (const who of idle) {
      for (let key = 0; key < 1000; key += 1) {
        const more = { key: `${key}`, queue: 'jobs', settling: 'explicit', filter } as const;
        void who.attachment.consume({}, more);
      }
    }
    bed.services.clock.flush();
    send(sender, 'jobs', 'x');
    bed.services.clock.flush();
    expect(asked).toBe(4000);
    bed.end();
  });

  it('B12: look at what came back a bounded part at a time', () => {
    const bed = new RealmBed();
    const [sender, holder, chooser] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
    let asked = 0;
    const filter = { accepts: () => (asked += 1) < 0 };
    for (let sent = 0; sent < 2000; sent += 1) send(sender, 'jobs', `${sent}`);
    consume(holder, 'jobs', { credit: 2000 });
    bed.services.clock.flush();
    for (let key = 0; key < 10; key += 1)
      void chooser.attachment.consume({}, { key: `${key}`, queue: 'jobs', settling: 'explicit', filter });
    bed.services.clock.flush();
    expect(asked).toBe(0);
    holder.attachment.detach();
    expect(asked).toBeLessThan(1000);
    bed.services.clock.flush();
    expect(asked).toBe(10 * 2000);
    bed.end();
  });
});
