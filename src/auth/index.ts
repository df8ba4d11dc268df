export { RIGHTS, faultOfRule } from './access-rule.js';
export type { AccessRule, Right } from './access-rule.js';
export { anonymous } from './anonymous.js';
export { limitAttempts } from './attempt-limits.js';
export type { AttemptLimits } from './attempt-limits.js';
export type { AuthorizationAnswer, AuthorizationDetails } from './authorizer-answer.js';
export { certificate, fingerprintOf } from './certificate.js';
export type { CertificateOptions, CertificatePrincipal } from './certificate.js';
export { chain } from './chain.js';
export { cookieSessions } from './cookie.js';
export type { CookieHolder, CookieOptions, CookieSessions } from './cookie.js';
export { cryptosign } from './cryptosign.js';
export type { CryptosignOptions, CryptosignPrincipal } from './cryptosign.js';
export { defaultRights } from './default-rights.js';
export type { DefaultRightsOptions } from './default-rights.js';
export { dynamic } from './dynamic.js';
export type { DynamicMethod, DynamicOptions, DynamicRequest } from './dynamic.js';
export type { DynamicAnswer, DynamicPrincipal } from './dynamic-answer.js';
export { dynamicAuthorizer } from './dynamic-authorizer.js';
export type {
  AuthorizationRequest,
  DynamicAuthorizer,
  DynamicAuthorizerOptions,
  Registrar,
  RegistrarRole,
} from './dynamic-authorizer.js';
export { cryptosignKeyOf, makeCryptosignKeys, parseCryptosignKey } from './ed25519-key.js';
export type { CryptosignKeyPair } from './ed25519-key.js';
export { routerPrincipal } from './insiders.js';
export { jwt } from './jwt.js';
export type { JwtIssuer, JwtOptions } from './jwt.js';
export { readJwtKeys } from './jwt-keys.js';
export type { JwtAlgorithm, JwtKey, JwtKeySet, JwtKeys } from './jwt-keys.js';
export type { PatternRights } from './role-view.js';
export { roles } from './roles.js';
export type { RoleRights, RolesAuthorizer, RolesOptions } from './roles.js';
export { hashScram, parseScramHash } from './scram-hash.js';
export type { ScramDerivation, ScramHash, ScramKdf } from './scram-hash.js';
export type { ScramKeys } from './scram-exchange.js';
export { scram } from './scram.js';
export type { ScramOptions, ScramPrincipal } from './scram.js';
export { hashTicket, parseTicketHash } from './ticket-hash.js';
export type { TicketHash } from './ticket-hash.js';
export { ticket } from './ticket.js';
export type { TicketOptions, TicketPrincipal } from './ticket.js';
export { hashWampcra, parseWampcraHash } from './wampcra-hash.js';
export type { WampcraHash } from './wampcra-hash.js';
export { wampcra } from './wampcra.js';
export type { WampcraOptions, WampcraPrincipal } from './wampcra.js';
