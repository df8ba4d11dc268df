export { anonymous } from './anonymous.js';
export { chain } from './chain.js';
export { hashTicket, parseTicketHash } from './ticket-hash.js';
export type { TicketHash } from './ticket-hash.js';
export { ticket } from './ticket.js';
export type { TicketOptions, TicketPrincipal } from './ticket.js';
