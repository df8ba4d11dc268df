import type { Pattern } from '../address.js';
import { canonicalPattern, isQueueAddress } from '../address.js';
import type { Admission, Applicant } from '../rights/admission.js';
import type { CallCommand } from './calls.js';
import { Call } from './calls.js';
import type { Dealer, Party } from './dealer.js';
import type { Outcome } from '../outcome.js';
import { refusal } from '../rights/permissions.js';
import type { CallPart, Invocation, RegisterCommand, Registration } from './registrations.js';
import type { Request } from '../request.js';

/** The commands of one attachment for procedures and calls, on their way through the admission. */
export class CallDoor {
  constructor(
    private readonly dealer: Dealer,
    private readonly admission: Admission,
    private readonly by: Applicant & Party,
  ) {}

  register(request: Request, command: RegisterCommand): Promise<void> | undefined {
    const pattern = canonicalPattern(command.pattern);
    const fault = isQueueAddress(pattern.text) ? A_QUEUE : this.admission.faultOf(pattern, true);
    if (fault !== undefined) return this.by.refuse(request, fault);
    return this.admission.decided(request, 'register', pattern, command.discloseCaller, (decision) => {
      this.dealer.register(this.by, request, { ...command, pattern }, decision.takeover === true);
      return undefined;
    });
  }

  unregister(request: Request, registration: Registration | undefined): void {
    this.dealer.unregister(this.by, request, registration);
  }

  call(request: Request, command: CallCommand): Promise<void> | undefined {
    return this.admission.gated(request, () => this.#call(request, command));
  }

  more(request: Request, part: CallPart): Promise<void> | undefined {
    return this.admission.paced(
      () => {
        this.dealer.more(this.by, request, part);
        return undefined;
      },
      (why) => {
        this.dealer.stop(this.by, request, why);
        return undefined;
      },
    );
  }

  answer(invocation: Invocation, outcome: Outcome): void {
    if (invocation instanceof Call) this.dealer.answer(this.by, invocation, outcome);
  }

  #call(request: Request, command: CallCommand): Promise<void> | undefined {
    const pattern: Pattern = { match: 'exact', text: command.procedure };
    // Whatever pattern is registered: nobody answers in the name of a queue.
    const fault = isQueueAddress(command.procedure) ? NOT_CALLED : this.admission.faultOf(pattern, false);
    if (fault !== undefined) return this.by.refuse(request, fault);
    return this.admission.decided(request, 'call', pattern, command.disclose, (decision) => {
      this.dealer.call(this.by, request, command, decision);
      return undefined;
    });
  }
}
const A_QUEUE = refusal(
  'reserved_address',
  'What begins with queue. is a queue: it is consumed, not registered as a procedure.',
);
const NOT_CALLED = refusal(
  'no_such_procedure',
  'What begins with queue. is a queue: messages are put into it, it is not called.',
);
