import { describe, expect, it } from '@jest/globals';
import { Ledger } from './ledger.js';
import type { Taker } from './ledger.js';
import { messageOf, textOf } from './message.js';

const one: Taker = { name: 'one', alone: false };
const two: Taker = { name: 'two', alone: false };
const drain: Taker = { name: 'drain', alone: true };

/** Books with so many messages of one producer, all sent and confirmed. */
function books(messages: number): Ledger {
  const ledger = new Ledger();
  for (let sequence = 1; sequence <= messages; sequence++) {
    ledger.sent(message(sequence));
    ledger.confirms(message(sequence));
  }
  return ledger;
}

function message(sequence: number) {
  return { producer: 'p', sequence };
}

function give(ledger: Ledger, to: Taker, sequence: number, redelivered = false): void {
  ledger.delivers(to, { message: message(sequence), redelivered });
}

function giveAndSettle(ledger: Ledger, to: Taker, sequence: number, redelivered = false): void {
  give(ledger, to, sequence, redelivered);
  ledger.acknowledges(message(sequence));
  ledger.settles(message(sequence));
}

describe('the ledger', () => {
  it('finds nothing in a history as it should be', () => {
    const ledger = books(4);
    giveAndSettle(ledger, one, 1);
    give(ledger, two, 2);
    give(ledger, one, 3);
    ledger.acknowledges(message(3));
    ledger.killed();
    giveAndSettle(ledger, drain, 2, true);
    giveAndSettle(ledger, drain, 3, true);
    giveAndSettle(ledger, drain, 4);
    ledger.drained();
    expect(ledger).toMatchObject({ clean: true, confirmed: 4, redelivered: 2, unknown: 0, findings: [] });
  });

  it('names a confirmed message that nobody got', () => {
    const ledger = books(2);
    giveAndSettle(ledger, drain, 2);
    ledger.drained();
    expect(ledger.violations).toMatchObject({ missing: 1, unackedGone: 0, outOfOrder: 0 });
    expect(ledger.findings).toEqual(['missing p/1']);
  });

  it('lets a message that was not confirmed be there or not', () => {
    const ledger = new Ledger();
    for (const sequence of [1, 2]) ledger.sent(message(sequence));
    ledger.killed();
    giveAndSettle(ledger, drain, 1);
    ledger.drained();
    expect(ledger).toMatchObject({ clean: true, confirmed: 0, unknown: 1 });
  });

  it('names a message that comes twice without the flag', () => {
    const ledger = books(1);
    give(ledger, one, 1);
    ledger.killed();
    giveAndSettle(ledger, drain, 1);
    ledger.drained();
    expect(ledger.violations).toMatchObject({ duplicates: 1, ackedBack: 0 });
    expect(ledger.findings).toEqual(['duplicates p/1 at drain']);
  });

  it('names first deliveries to one consumer that are not in order', () => {
    const ledger = books(3);
    for (const sequence of [1, 3, 2]) giveAndSettle(ledger, one, sequence);
    expect(ledger.findings).toEqual(['outOfOrder p/2 at one: behind 3']);
  });

  it('compares nothing over two consumers that are there together', () => {
    const ledger = books(3);
    for (const [to, sequence] of [
      [two, 2],
      [one, 1],
      [two, 3],
    ] as const)
      giveAndSettle(ledger, to, sequence);
    expect(ledger.clean).toBe(true);
  });

  it('expects everything in order of a consumer that is alone, redelivered or not', () => {
    const ledger = books(2);
    for (const sequence of [1, 2]) give(ledger, one, sequence);
    ledger.killed();
    for (const sequence of [2, 1]) giveAndSettle(ledger, drain, sequence, true);
    expect(ledger.findings).toEqual(['outOfOrder p/1 at drain: behind 2']);
  });

  it('expects what was never handed out behind all that was, over a kill', () => {
    const ledger = books(3);
    for (const sequence of [1, 3]) give(ledger, one, sequence);
    ledger.killed();
    giveAndSettle(ledger, drain, 1, true);
    giveAndSettle(ledger, drain, 2);
    giveAndSettle(ledger, drain, 3, true);
    expect(ledger.findings).toEqual(['outOfOrder p/2 at drain: behind 3']);
  });

  it('names a message that comes back although its acknowledgement was confirmed, flag or not', () => {
    const ledger = books(1);
    giveAndSettle(ledger, one, 1);
    ledger.killed();
    giveAndSettle(ledger, drain, 1, true);
    expect(ledger.findings).toEqual(['ackedBack p/1 at drain: after its confirmation']);
  });

  it('names it long after, too', () => {
    const ledger = books(1);
    giveAndSettle(ledger, drain, 1);
    ledger.drained();
    ledger.killed();
    give(ledger, drain, 1, true);
    expect(ledger.findings).toEqual(['ackedBack p/1 at drain: long after']);
  });

  it('lets a message come back flagged whose acknowledgement was not confirmed, and no other way', () => {
    const ledger = books(2);
    for (const sequence of [1, 2]) {
      give(ledger, one, sequence);
      ledger.acknowledges(message(sequence));
    }
    ledger.killed();
    giveAndSettle(ledger, drain, 1, true);
    expect(ledger.clean).toBe(true);
    giveAndSettle(ledger, drain, 2);
    expect(ledger.findings).toEqual(['ackedBack p/2 at drain: unflagged']);
  });

  it('remembers such an acknowledgement until the queues have been drained once more', () => {
    const ledger = books(1);
    give(ledger, drain, 1);
    ledger.acknowledges(message(1));
    ledger.drained();
    ledger.killed();
    give(ledger, drain, 1, true);
    expect(ledger.clean).toBe(true);
    ledger.drained();
    give(ledger, drain, 1, true);
    expect(ledger.findings).toEqual(['ackedBack p/1 at drain: long after']);
  });

  it('names a message that was delivered, never acknowledged, and did not come back', () => {
    const ledger = books(1);
    give(ledger, one, 1);
    ledger.killed();
    ledger.drained();
    expect(ledger.findings).toEqual(['unackedGone p/1']);
  });

  it('expects back what came back once and was not acknowledged then', () => {
    const ledger = books(1);
    give(ledger, one, 1);
    ledger.acknowledges(message(1));
    ledger.killed();
    give(ledger, drain, 1, true);
    ledger.killed();
    ledger.drained();
    expect(ledger.findings).toEqual(['unackedGone p/1']);
  });

  it('names what was never sent, and what is not as it was sent', () => {
    const ledger = books(1);
    ledger.delivers(one, { message: { producer: 'q', sequence: 1 }, redelivered: false });
    ledger.deliversDamaged(one, 'p/1/ev');
    expect(ledger.findings).toEqual(['damaged q/1 at one: never sent', 'damaged at one: "p/1/ev"']);
  });
});

describe('a message', () => {
  it('is read as it was written', () => {
    for (const sequence of [1, 7, 1000, 123_456]) {
      const sent = { producer: 'c7-stomp-1', sequence };
      expect(messageOf(textOf(sent))).toEqual(sent);
    }
  });

  it('is not read when a letter is missing', () => {
    const text = textOf({ producer: 'p', sequence: 5 });
    expect(messageOf(text.slice(0, -2) + text.slice(-1))).toBeUndefined();
    expect(messageOf(text.slice(0, -1))).toBeUndefined();
  });
});
