import type { Broker, ProcedureView, RouterAnswer, RouterCall } from '../../../broker/index.js';
import { faultOf, idOf, listed, patternIn, wanted } from './meta-arguments.js';
import { timestampOf } from './rfc3339.js';
import { answer, invalid } from './router-answers.js';

/** The Registration Meta API of a realm [WAMP AP Registration Meta API]. The router's own procedures are no registrations. */
export function provideRegistrationMeta(broker: Broker): void {
  broker.observe({
    procedureCreated: (by, procedure) =>
      broker.announce('wamp.registration.on_create', () => [by, detailsOf(procedure)]),
    registered: (by, { id }) => broker.announce('wamp.registration.on_register', () => [by, id]),
    unregistered: (by, { id }) => broker.announce('wamp.registration.on_unregister', () => [by, id]),
    procedureDeleted: (by, { id }) => broker.announce('wamp.registration.on_delete', () => [by, id]),
  });
  const { view } = broker;
  broker.provide('wamp.registration.list', () => answer(listed(view.procedures())));
  broker.provide('wamp.registration.lookup', ({ caller, args }) => {
    const pattern = patternIn(args);
    if (pattern === undefined) return BAD_LOOKUP;
    return faultOf(caller, pattern) ?? answer(view.procedureOf(pattern)?.id ?? null);
  });
  broker.provide('wamp.registration.match', ({ caller, args: [uri] }) => {
    if (typeof uri !== 'string') return wanted('a URI');
    return faultOf(caller, { match: 'exact', text: uri }) ?? answer(view.procedureFor(uri)?.id ?? null);
  });
  const about = (tell: (procedure: ProcedureView) => unknown) => (call: RouterCall) =>
    ofRegistration(broker, call, tell);
  broker.provide('wamp.registration.get', about(detailsOf));
  broker.provide(
    'wamp.registration.list_callees',
    about(({ callees }) => callees),
  );
  broker.provide(
    'wamp.registration.count_callees',
    about(({ callees }) => callees.length),
  );
}

function ofRegistration(
  { view }: Broker,
  { args }: RouterCall,
  tell: (procedure: ProcedureView) => unknown,
): RouterAnswer {
  const id = idOf(args[0]);
  if (id === undefined) return wanted('a registration id');
  const procedure = view.procedure(id);
  return procedure === undefined ? NO_SUCH_REGISTRATION : answer(tell(procedure));
}

function detailsOf({ id, since, pattern, policy }: ProcedureView): object {
  return { id, created: timestampOf(since), uri: pattern.text, match: pattern.match, invoke: policy };
}

const BAD_LOOKUP = invalid(
  'A procedure is wanted, and options whose match is exact, prefix, wildcard or multi.',
);
const NO_SUCH_REGISTRATION: RouterAnswer = {
  kind: 'failed',
  error: 'wamp.error.no_such_registration',
  args: ['There is no such registration.'],
};
