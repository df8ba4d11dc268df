import { Client } from './client.js';
import type { Dialect, Role } from './dialects/index.js';

/** Logins that are under way at once: fewer than a server allows one address without a session. */
const AT_ONCE = 16;

/** Where the clients of a scenario go, and how they speak. */
export interface Target {
  readonly port: number;
  readonly dialect: Dialect;
}

/** Connects a client for each role, in that order; all roles are in force when it resolves. */
export async function connectAll(target: Target, roles: readonly Role[]): Promise<Client[]> {
  const clients: Client[] = [];
  for (let at = 0; at < roles.length; at += AT_ONCE) {
    clients.push(
      ...(await Promise.all(roles.slice(at, at + AT_ONCE).map((role) => connectOne(target, role)))),
    );
  }
  return clients;
}

async function connectOne({ port, dialect }: Target, role: Role): Promise<Client> {
  const { subprotocol, binary = false } = dialect;
  const client = await Client.open({ port, path: dialect.path(role), subprotocol, binary });
  await dialect.begin(client, role);
  return client;
}

/** Ends all connections. */
export async function closeAll(clients: readonly Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}
