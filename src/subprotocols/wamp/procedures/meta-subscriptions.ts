import type { Broker, InterestView, RouterAnswer, RouterCall } from '../../../broker/index.js';
import { faultOf, idOf, listed, patternIn, wanted } from './meta-arguments.js';
import { timestampOf } from './rfc3339.js';
import { answer, invalid } from './router-answers.js';

/** The Subscription Meta API of a realm [WAMP AP Subscription Meta API]. Consumers of queues have no subscription. */
export function provideSubscriptionMeta(broker: Broker): void {
  broker.observe({
    interestCreated: (by, interest) =>
      broker.announce('wamp.subscription.on_create', () => [by, detailsOf(interest)]),
    subscribed: (by, { id }) => broker.announce('wamp.subscription.on_subscribe', () => [by, id]),
    unsubscribed: (by, { id }) => broker.announce('wamp.subscription.on_unsubscribe', () => [by, id]),
    interestDeleted: (by, { id }) => broker.announce('wamp.subscription.on_delete', () => [by, id]),
  });
  const { view } = broker;
  broker.provide('wamp.subscription.list', () => answer(listed(view.interests())));
  broker.provide('wamp.subscription.lookup', ({ caller, args }) => {
    const pattern = patternIn(args);
    if (pattern === undefined) return BAD_LOOKUP;
    return faultOf(caller, pattern) ?? answer(view.interestOf(pattern)?.id ?? null);
  });
  broker.provide('wamp.subscription.match', ({ caller, args: [topic] }) => {
    if (typeof topic !== 'string') return wanted('a topic');
    const fault = faultOf(caller, { match: 'exact', text: topic });
    if (fault !== undefined) return fault;
    const ids = view.interestsIn(topic).map(({ id }) => id);
    return answer(ids.length === 0 ? null : ids);
  });
  const about = (tell: (interest: InterestView) => unknown) => (call: RouterCall) =>
    ofSubscription(broker, call, tell);
  broker.provide('wamp.subscription.get', about(detailsOf));
  broker.provide(
    'wamp.subscription.list_subscribers',
    about(({ subscribers }) => subscribers),
  );
  broker.provide(
    'wamp.subscription.count_subscribers',
    about(({ subscribers }) => subscribers.length),
  );
}

function ofSubscription(
  { view }: Broker,
  { args }: RouterCall,
  tell: (interest: InterestView) => unknown,
): RouterAnswer {
  const id = idOf(args[0]);
  if (id === undefined) return wanted('a subscription id');
  const interest = view.interest(id);
  return interest === undefined ? NO_SUCH_SUBSCRIPTION : answer(tell(interest));
}

function detailsOf({ id, since, pattern }: InterestView): object {
  return { id, created: timestampOf(since), uri: pattern.text, match: pattern.match };
}

const BAD_LOOKUP = invalid('A topic is wanted, and options whose match is exact, prefix, wildcard or multi.');
const NO_SUCH_SUBSCRIPTION: RouterAnswer = {
  kind: 'failed',
  error: 'wamp.error.no_such_subscription',
  args: ['There is no such subscription.'],
};
