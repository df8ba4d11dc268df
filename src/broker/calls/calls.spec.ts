import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NOTHING_HELD } from '../../../test/support/nothing-held.js';
import type { TestServices } from '../../testing/index.js';
import { RecordingEndpoint, testServices } from '../../testing/index.js';
import type { Broker } from '../index.js';
import { Payload } from '../index.js';

let services: TestServices;
let broker: Broker;
let caller: RecordingEndpoint;
let callee: RecordingEndpoint;

const exact = (text: string) => ({ match: 'exact', text }) as const;
const ANSWER = { payload: Payload.empty };

function call(request: object = {}, timeoutMs?: number): object {
  caller.attachment.call(request, {
    procedure: 'p',
    payload: Payload.empty,
    receiveProgress: true,
    timeoutMs,
  });
  return request;
}

beforeEach(() => {
  services = testServices({ brokerLimits: { callsPerCaller: 4, callsPerCallee: 3 } });
  broker = services.realms.find('realm1')!;
  caller = new RecordingEndpoint(broker);
  callee = new RecordingEndpoint(broker);
  callee.attachment.register({}, { pattern: exact('p') });
  callee.take();
});

afterEach(() => {
  caller.attachment.detach();
  callee.attachment.detach();
  expect(broker.stats).toEqual(NOTHING_HELD);
  expect(services.clock.pending).toBe(0);
});

describe('calls', () => {
  it('reach the callee and come back once', () => {
    call();
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    expect(callee.take()).toEqual(['invoked p']);
    expect(caller.take()).toEqual(['answered result']);
  });

  it('pass a callee’s own error through', () => {
    call();
    callee.attachment.fail(callee.lastInvocation, 'com.example.no', ANSWER);
    const [told] = caller.told;
    expect(told).toMatchObject({ kind: 'answered', outcome: { kind: 'failed', error: 'com.example.no' } });
  });

  it('to nobody are refused', () => {
    caller.attachment.call({}, { procedure: 'q', payload: Payload.empty });
    expect(caller.take()).toEqual(['answered refused no_such_procedure']);
  });

  it('P10: a second registration of a procedure is refused, whoever asks', () => {
    caller.attachment.register({}, { pattern: exact('p') });
    callee.attachment.register({}, { pattern: exact('p') });
    expect([caller.take(), callee.take()]).toEqual([
      ['answered refused procedure_exists'],
      ['answered refused procedure_exists'],
    ]);
  });

  it('P8: an unregister of what another session holds is refused', () => {
    const [registration] = callee.attachment.registrations;
    caller.attachment.unregister({}, registration);
    expect(caller.take()).toEqual(['answered refused no_such_registration']);
    call();
    expect(callee.take()).toEqual(['invoked p']);
  });

  it('P7: an answer by somebody who was not asked reaches nobody', () => {
    call();
    caller.attachment.yield(callee.lastInvocation, ANSWER);
    caller.attachment.fail(callee.lastInvocation, 'com.example.forged', ANSWER);
    caller.attachment.decline(callee.lastInvocation, { code: 'canceled', reason: '' });
    expect(caller.take()).toEqual([]);
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    expect(caller.take()).toEqual(['answered result']);
  });

  it('report progress to callers that asked for it, in order, before the one final answer', () => {
    call();
    callee.attachment.yield(callee.lastInvocation, ANSWER, true);
    callee.attachment.yield(callee.lastInvocation, ANSWER, true);
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    callee.attachment.yield(callee.lastInvocation, ANSWER, true);
    expect(caller.take()).toEqual(['answered progress', 'answered progress', 'answered result']);
  });

  it('drop progress that nobody asked for', () => {
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    callee.attachment.yield(callee.lastInvocation, ANSWER, true);
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    expect(caller.take()).toEqual(['answered result']);
  });

  it('time out, with the callee interrupted and its late answer ignored', () => {
    call({}, 1000);
    services.clock.advance(900);
    expect(caller.take()).toEqual([]);
    services.clock.advance(300);
    expect([caller.take(), callee.take()]).toEqual([
      ['answered refused timeout'],
      ['invoked p', 'interrupted killnowait'],
    ]);
    call();
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    expect(caller.take()).toEqual(['answered result']);
  });

  it('time out after 30 s if the caller says nothing, and after 10 minutes at the most', () => {
    call();
    call({}, 3_600_000);
    services.clock.advance(30_200);
    expect(caller.take()).toEqual(['answered refused timeout']);
    services.clock.advance(560_000);
    expect(caller.take()).toEqual([]);
    services.clock.advance(10_000);
    expect(caller.take()).toEqual(['answered refused timeout']);
  });

  it('get their time anew with each progressive result', () => {
    call({}, 1000);
    for (let i = 0; i < 5; i += 1) {
      services.clock.advance(800);
      callee.attachment.yield(callee.lastInvocation, ANSWER, true);
    }
    services.clock.advance(1200);
    expect(caller.take()).toEqual([...Array(5).fill('answered progress'), 'answered refused timeout']);
  });

  it.each([
    ['skip', ['answered refused canceled'], []],
    ['killnowait', ['answered refused canceled'], ['interrupted killnowait']],
    ['kill', [], ['interrupted kill']],
  ] as const)('P14: cancel with mode %s', (mode, told, interrupted) => {
    const request = call();
    callee.take();
    caller.attachment.cancel(request, mode);
    caller.attachment.cancel(request, mode);
    expect([caller.take(), callee.take()]).toEqual([[...told], [...interrupted]]);
  });

  it('P14: with kill, the callee’s answer is the answer', () => {
    const request = call();
    caller.attachment.cancel(request, 'kill');
    callee.attachment.fail(callee.lastInvocation, 'wamp.error.canceled', ANSWER);
    expect(caller.take()).toEqual(['answered failed']);
  });

  it('P14: are canceled by their own caller alone, and silently not at all once they are over', () => {
    const request = call();
    callee.attachment.cancel(request, 'skip');
    caller.attachment.cancel({}, 'skip');
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    caller.attachment.cancel(request, 'skip');
    expect(caller.take()).toEqual(['answered result']);
  });

  it('are canceled by skip where the callee cannot be interrupted', () => {
    callee.attachment.detach();
    callee = new RecordingEndpoint(broker, { callCanceling: false, progressiveResults: false });
    callee.attachment.register({}, { pattern: exact('p') });
    const request = call();
    callee.take();
    caller.attachment.cancel(request, 'kill');
    expect([caller.take(), callee.take()]).toEqual([['answered refused canceled'], []]);
  });

  it('end when the callee leaves, and are interrupted when the caller leaves', () => {
    call();
    callee.attachment.detach();
    expect(caller.take()).toEqual(['answered refused callee_gone']);
    callee = new RecordingEndpoint(broker);
    callee.attachment.register({}, { pattern: exact('p') });
    call();
    callee.take();
    caller.attachment.detach();
    expect(callee.take()).toEqual(['interrupted killnowait']);
    expect(broker.stats.calls).toBe(0);
  });

  it('may be answered after the registration was withdrawn', () => {
    call();
    const { lastInvocation } = callee;
    callee.attachment.unregister({}, [...callee.attachment.registrations][0]);
    callee.attachment.yield(lastInvocation, ANSWER);
    call();
    expect(caller.take()).toEqual(['answered result', 'answered refused no_such_procedure']);
  });

  it('P13: are bounded per callee and per caller, with an answer for each that is refused', () => {
    const other = new RecordingEndpoint(broker);
    other.attachment.register({}, { pattern: exact('o') });
    for (let i = 0; i < 4; i += 1) call();
    for (let i = 0; i < 2; i += 1) caller.attachment.call({}, { procedure: 'o', payload: Payload.empty });
    expect(caller.take()).toEqual(['answered refused callee_unavailable', 'answered refused unavailable']);
    other.attachment.detach();
  });

  it('P13: are bounded per caller in bytes of payloads and headers, and what is answered makes room', () => {
    services = testServices({ brokerLimits: { callBytes: 100 } });
    broker = services.realms.find('realm1')!;
    caller.attachment.detach();
    callee.attachment.detach();
    [caller, callee] = [new RecordingEndpoint(broker), new RecordingEndpoint(broker)];
    callee.attachment.register({}, { pattern: exact('p') });
    const payload = Payload.ofBody(Buffer.alloc(40));
    const headers = new Map([['name', 'value.']]);
    for (let i = 0; i < 3; i += 1) caller.attachment.call({}, { procedure: 'p', payload, headers });
    expect(caller.take()).toEqual(['answered refused unavailable']);
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    caller.attachment.call({}, { procedure: 'p', payload, headers });
    expect(caller.take()).toEqual(['answered result']);
  });

  it('are refused while the broker drains, and those in progress are answered', () => {
    call();
    broker.drain();
    call();
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    expect(caller.take()).toEqual(['answered refused unavailable', 'answered result']);
  });

  it('tell the callee who calls if the caller or the callee asked for it', () => {
    const nosy = new RecordingEndpoint(broker);
    nosy.attachment.register({}, { pattern: exact('nosy'), discloseCaller: true });
    call();
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty, disclose: true });
    caller.attachment.call({}, { procedure: 'nosy', payload: Payload.empty });
    const { session } = caller.attachment;
    const seen = [...callee.told, ...nosy.told].flatMap((told) =>
      told.kind === 'invoked' ? [told.invocation.caller?.session] : [],
    );
    expect(seen).toEqual([undefined, session, session]);
    nosy.attachment.detach();
  });
});
