/**
 * Names one command while its outcome is pending: an object made by the endpoint, which the broker only hands back. A
 * session keeps in it what it needs for the answer (a WAMP request id, a STOMP receipt).
 */
export type Request = object;
