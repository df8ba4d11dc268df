import type { Broker } from '../../../broker/index.js';
import type { Offered } from '../announcements.js';
import { provideRegistrationMeta } from './meta-registrations.js';
import { provideSessionMeta } from './meta-sessions.js';
import { provideSubscriptionMeta } from './meta-subscriptions.js';

/**
 * Lets clients look at a realm, and put sessions out of it: the meta procedures and events of the Advanced Profile that are
 * switched on. They are the router's own, and so there for clients of every protocol; who may use them is the authorizer's
 * business.
 */
export function provideMetaApi(broker: Broker, offered: Offered): void {
  if (offered.session_meta_api) provideSessionMeta(broker);
  if (offered.registration_meta_api) provideRegistrationMeta(broker);
  if (offered.subscription_meta_api) provideSubscriptionMeta(broker);
}
