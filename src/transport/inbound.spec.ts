import { describe, expect, it } from '@jest/globals';
import { CoarseTimers } from '../lib/index.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { InboundOwner } from './inbound.js';
import { Inbound } from './inbound.js';
import { Turns } from './turns.js';

class Stage implements InboundOwner {
  readonly clock = new ManualClock();
  readonly timers = new CoarseTimers(this.clock);
  readonly delivered: string[] = [];
  readonly inbound: Inbound;
  reading = true;
  caught = 0;
  pauses = 0;
  react: (text: string) => void = () => {};

  constructor(rates = { messages: 1000, bytes: 1000 }) {
    const { clock, timers } = this;
    this.inbound = new Inbound({ clock, timers, turns: new Turns(clock), sliceMs: 10 }, this, rates);
  }

  /** One read from the socket that holds these messages, of one octet each. */
  read(...texts: string[]): void {
    this.inbound.count(texts.length, this.clock.now());
    for (const text of texts) this.inbound.push(Buffer.from(text), false);
  }

  stopReading(): void {
    this.reading = false;
  }

  startReading(): void {
    this.reading = true;
  }

  deliver(data: Buffer): void {
    this.delivered.push(data.toString());
    this.react(data.toString());
  }

  caughtUp(): void {
    this.caught += 1;
  }

  slowed(): void {
    this.pauses += 1;
  }
}

describe('Inbound', () => {
  it('delivers at once while nothing holds it back', () => {
    const stage = new Stage();
    stage.read('1', '2');
    expect([stage.delivered, stage.reading, stage.inbound.busy]).toEqual([['1', '2'], true, false]);
  });

  it('stops reading while there is a reason, and delivers what had been decoded in order', () => {
    const stage = new Stage();
    stage.inbound.pause('admission');
    stage.read('1', '2');
    stage.inbound.pause('pressure');
    stage.inbound.resume('admission');
    stage.clock.flush();
    expect([stage.delivered, stage.reading]).toEqual([[], false]);
    stage.inbound.resume('pressure');
    expect(stage.delivered).toEqual([]);
    stage.read('3');
    stage.clock.flush();
    expect([stage.delivered, stage.reading, stage.caught]).toEqual([['1', '2', '3'], true, 1]);
  });

  it('lifting a reason that is not there does nothing', () => {
    const stage = new Stage();
    stage.inbound.resume('rate');
    expect([stage.caught, stage.reading]).toEqual([0, true]);
  });

  it('does not deliver from inside a delivery', () => {
    const stage = new Stage();
    let depth = 0;
    stage.react = () => {
      depth += 1;
      expect(depth).toBe(1);
      stage.inbound.pause('admission');
      stage.inbound.push(Buffer.from('inner'), false);
      stage.inbound.resume('admission');
      stage.react = () => {};
      depth -= 1;
    };
    stage.read('outer');
    expect(stage.delivered).toEqual(['outer']);
    stage.clock.flush();
    expect(stage.delivered).toEqual(['outer', 'inner']);
  });

  it('W16: gives way when its slice of time is used up, and goes on in the next turn', () => {
    const stage = new Stage();
    stage.react = () => stage.clock.advanceWithin(1);
    stage.read(...Array.from({ length: 100 }, (_, i) => String(i)));
    const first = stage.delivered.length;
    expect(first).toBeLessThan(33);
    expect(stage.reading).toBe(false);
    stage.clock.flush();
    expect([stage.delivered.length, stage.reading]).toEqual([100, true]);
    expect(stage.delivered).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });

  it('W16: work that is spread over turns uses up no slice', () => {
    const stage = new Stage({ messages: 100_000, bytes: 100_000 });
    stage.react = () => stage.clock.advanceWithin(1);
    for (let turn = 0; turn < 50; turn += 1) {
      stage.read('a', 'b', 'c', 'd', 'e');
      expect(stage.reading).toBe(true);
      stage.clock.flush();
    }
  });

  it('holds back above the message rate until time has passed', () => {
    const stage = new Stage({ messages: 10, bytes: 1000 });
    stage.read(...'abcdefghijkl');
    expect([stage.delivered.length, stage.reading, stage.pauses]).toEqual([10, false, 1]);
    stage.clock.advance(400);
    expect([stage.delivered.length, stage.reading]).toEqual([12, true]);
  });

  it('holds back above the octet rate', () => {
    const stage = new Stage({ messages: 1000, bytes: 10 });
    stage.inbound.count(30, stage.clock.now());
    expect([stage.reading, stage.pauses]).toEqual([false, 1]);
    stage.clock.advance(2000);
    expect(stage.reading).toBe(false);
    stage.clock.advance(300);
    expect([stage.reading, stage.timers.size]).toEqual([true, 0]);
  });

  it('has other rates once they are set', () => {
    const stage = new Stage({ messages: 2, bytes: 1000 });
    stage.read('1', '2', '3');
    expect(stage.delivered).toEqual(['1', '2']);
    stage.inbound.limit({ messages: 1000, bytes: 1000 });
    stage.clock.flush();
    expect([stage.delivered, stage.timers.size]).toEqual([['1', '2', '3'], 0]);
  });

  it('delivers nothing once it is closed, and reads on so that the end is seen', () => {
    const stage = new Stage({ messages: 2, bytes: 1000 });
    stage.read('1', '2', '3');
    stage.inbound.close();
    stage.inbound.pause('pressure');
    stage.read('4');
    stage.clock.advance(5000);
    expect([stage.delivered, stage.reading, stage.timers.size]).toEqual([['1', '2'], true, 0]);
  });
});
