import type { CancelMode, EndpointFeatures, InvocationPolicy } from '../../src/broker/index.js';

/** A callee of the model. */
export interface ModelCallee {
  readonly name: string;
  readonly features: EndpointFeatures;
  /** It is about to leave, or has left: it commands nothing any more and hears nothing. */
  detached: boolean;
}

/** A callee's share in the procedure. */
export interface Member {
  readonly callee: ModelCallee;
  readonly concurrency: number;
  open: number;
}

interface Shared {
  readonly policy: InvocationPolicy;
  readonly members: Member[];
  next: number;
}

interface ModelCall {
  readonly caller: { detached: boolean };
  readonly shared: Shared;
  readonly timeoutMs: number;
  readonly wantsProgress: boolean;
  readonly tried: Set<Member>;
  at: Member;
  /** Time of its end, and the order in which such times were set. */
  due: number;
  armed: number;
  /** The order in which calls were given to callees. */
  given: number;
  canceling: boolean;
  begun: boolean;
  progressive: boolean;
}

/** How a call of the model is made. */
export interface ModelCallCommand {
  readonly timeoutMs: number;
  readonly wantsProgress: boolean;
  readonly progressive: boolean;
}

/**
 * What the life of calls of one procedure ought to be, written as plainly as can be: lists that are searched from their
 * beginning, no runs, no timers. `log` says what each endpoint ought to have been told.
 */
export class CallModel {
  /** endpoint → what it is told, in order */
  readonly log = new Map<object, string[]>();
  now = 0;
  #shared: Shared | undefined;
  /** Open calls, in the order in which they were made. */
  readonly #calls = new Map<number, ModelCall>();
  #armed = 0;
  #given = 0;

  register(callee: ModelCallee, policy: InvocationPolicy, concurrency: number, takeOver: boolean): void {
    if (callee.detached) return;
    const held = this.#shared;
    const lost = held !== undefined && takeOver ? [...held.members] : [];
    if (held !== undefined && !takeOver) {
      if (held.policy !== policy) return this.#tell(callee, 'refused policy_mismatch');
      const isHeld = held.members.some((member) => member.callee === callee);
      if (policy === 'single' || isHeld) return this.#tell(callee, 'refused procedure_exists');
    }
    for (const member of lost) this.#remove(member);
    this.#shared ??= { policy, members: [], next: 0 };
    this.#shared.members.push({ callee, concurrency, open: 0 });
    this.#tell(callee, 'registered');
    for (const member of lost) this.#tell(member.callee, 'revoked');
  }

  /** A callee's share in the procedure. */
  shareOf(callee: ModelCallee): Member | undefined {
    return this.#shared?.members.find((each) => each.callee === callee);
  }

  unregister(callee: ModelCallee, member: Member | undefined): void {
    if (callee.detached) return;
    if (member === undefined || this.#shared?.members.includes(member) !== true)
      return this.#tell(callee, 'refused no_such_registration');
    this.#remove(member);
    this.#tell(callee, 'unregistered');
  }

  call(caller: { detached: boolean }, id: number, command: ModelCallCommand): void {
    if (caller.detached) return;
    const shared = this.#shared;
    if (shared === undefined) return this.#tell(caller, `${id} refused no_such_procedure`);
    const tried = new Set<Member>();
    const at = this.#pick(shared, tried, command.progressive);
    if (at === undefined) {
      const isServed = shared.members.some((member) => this.#isAble(member, command.progressive));
      const code = isServed ? 'callee_unavailable' : 'feature_missing';
      return this.#tell(caller, `${id} refused ${code}`);
    }
    const { timeoutMs, wantsProgress, progressive } = command;
    const call: ModelCall = {
      caller,
      shared,
      timeoutMs,
      wantsProgress,
      tried,
      at,
      due: 0,
      armed: 0,
      given: 0,
      canceling: false,
      begun: false,
      progressive,
    };
    this.#calls.set(id, call);
    this.#arm(call);
    this.#give(id, call);
  }

  /** One thing that a callee says to a call. */
  answer(
    callee: ModelCallee,
    id: number,
    what: 'result' | 'progress' | 'failed' | 'unavailable' | 'decline',
  ): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.at.callee !== callee) return;
    if (what === 'progress') {
      if (!call.wantsProgress || !callee.features.progressiveResults) return;
      call.begun = true;
      this.#arm(call);
      return this.#tell(call.caller, `${id} progress`);
    }
    const { callReroute } = callee.features;
    const reroutes =
      callReroute === 'always' || (callReroute === 'shared' && call.shared.policy !== 'single');
    const isNotTaken = what === 'decline' || (what === 'unavailable' && reroutes);
    if (isNotTaken && !call.begun && !call.canceling) return this.#move(id, call);
    this.#end(id, call);
    const words = {
      result: 'result',
      failed: 'failed',
      unavailable: 'failed',
      decline: 'refused callee_unavailable',
    };
    this.#tell(call.caller, `${id} ${words[what]}`);
  }

  more(id: number, isLast: boolean): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.canceling || !call.progressive) return;
    call.begun = true;
    call.progressive = !isLast;
    this.#arm(call);
    this.#tell(call.at.callee, `more ${id}`);
  }

  cancel(id: number, mode: CancelMode): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.canceling) return;
    const { callee } = call.at;
    if (mode === 'kill' && callee.features.callCanceling) {
      call.canceling = true;
      return this.#tell(callee, `kill ${id}`);
    }
    this.#end(id, call);
    if (mode !== 'skip') this.#interrupt(call, id);
    this.#tell(call.caller, `${id} refused canceled`);
  }

  wait(ms: number): void {
    this.now += ms;
    const late = [...this.#calls].filter(([, { due }]) => due <= this.now);
    late.sort(([, one], [, other]) => one.due - other.due || one.armed - other.armed);
    for (const [id, call] of late) {
      this.#end(id, call);
      this.#interrupt(call, id);
      this.#tell(call.caller, `${id} refused timeout`);
    }
  }

  calleeLeaves(callee: ModelCallee): void {
    const member = this.shareOf(callee);
    if (member !== undefined) this.#remove(member);
    const held = [...this.#calls].filter(([, { at }]) => at.callee === callee);
    held.sort(([, one], [, other]) => one.given - other.given);
    for (const [id, call] of held) {
      this.#end(id, call);
      this.#tell(call.caller, `${id} refused callee_gone`);
    }
  }

  callerLeaves(caller: { detached: boolean }): void {
    for (const [id, call] of this.#calls) {
      if (call.caller !== caller) continue;
      this.#end(id, call);
      this.#interrupt(call, id);
    }
  }

  #tell(whom: { readonly detached: boolean }, what: string): void {
    if (whom.detached) return;
    const told = this.log.get(whom);
    if (told === undefined) this.log.set(whom, [what]);
    else told.push(what);
  }

  #interrupt(call: ModelCall, id: number): void {
    if (call.at.callee.features.callCanceling) this.#tell(call.at.callee, `killnowait ${id}`);
  }

  #isAble({ callee: { features } }: Member, progressive: boolean): boolean {
    return !progressive || (features.progressiveInvocations === true && features.callCanceling);
  }

  #pick(shared: Shared, tried: ReadonlySet<Member>, progressive: boolean): Member | undefined {
    const { members, policy, next } = shared;
    const turn = policy === 'roundrobin' ? [...members.slice(next), ...members.slice(0, next)] : [...members];
    if (policy === 'last') turn.reverse();
    const found = turn.find(
      (member) =>
        member.open < member.concurrency &&
        !member.callee.detached &&
        !tried.has(member) &&
        this.#isAble(member, progressive),
    );
    // One callee alone has no turn to lose.
    if (found !== undefined && members.length > 1) shared.next = members.indexOf(found) + 1;
    return found;
  }

  #move(id: number, call: ModelCall): void {
    call.tried.add(call.at);
    const next = this.#pick(call.shared, call.tried, call.progressive);
    if (next === undefined) {
      this.#end(id, call);
      return this.#tell(call.caller, `${id} refused callee_unavailable`);
    }
    call.at.open -= 1;
    call.at = next;
    this.#give(id, call);
  }

  #give(id: number, call: ModelCall): void {
    call.at.open += 1;
    call.given = this.#given += 1;
    this.#tell(call.at.callee, `invoked ${id}`);
  }

  #arm(call: ModelCall): void {
    call.due = this.now + call.timeoutMs;
    call.armed = this.#armed += 1;
  }

  #end(id: number, call: ModelCall): void {
    call.at.open -= 1;
    this.#calls.delete(id);
  }

  #remove(member: Member): void {
    const shared = this.#shared;
    if (shared === undefined) return;
    const at = shared.members.indexOf(member);
    shared.members.splice(at, 1);
    if (at < shared.next) shared.next -= 1;
    if (shared.members.length === 0) this.#shared = undefined;
  }
}
