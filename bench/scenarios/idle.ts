import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { closeAll, connectAll } from '../load/connect.js';
import type { Role } from '../load/dialects/index.js';
import { mangroveContenders } from './scenario.js';
import type { Aftermath, Cast, Finding, Scenario } from './scenario.js';

/** Sessions that are there before the first look: what a server makes for its first clients is not an idle session's. */
const FIRST = 500;

/** What sessions keep that do nothing: one subscription each, of a topic of their own. */
export function idleSessions(count: number): Scenario {
  /** Of the plain server, which comes first. */
  let plainBytes: number | undefined;
  return {
    name: 'patterns-idle',
    title: `memory of sessions that do nothing, one subscription each: ${count} beyond the first ${FIRST}`,
    unit: 'session',
    plain: { name: 'plain ws', server: 'plain-ws-broadcast', dialect: 'plain' },
    contenders: mangroveContenders,
    floor: undefined,
    timed: false,
    prepare: (target) => connectIdle(target, count),
    async after(aftermath) {
      const bytes = await bytesPerSession(aftermath, count);
      plainBytes ??= bytes;
      return [described(aftermath.contender.name, bytes, plainBytes)];
    },
  };
}

function described(name: string, bytes: number, plainBytes: number): Finding {
  const kib = (bytes / 1024).toFixed(1);
  return { text: `${name}: ${kib} KiB resident a session, ${(bytes / plainBytes).toFixed(2)}× plain` };
}

async function bytesPerSession({ prepare, memory, close }: Aftermath, count: number): Promise<number> {
  await prepare();
  const before = await memory();
  await prepare();
  const now = await memory();
  await close();
  return (now.residentBytes - before.residentBytes) / count;
}

/** port → clients that are connected; this process serves all contenders of a scenario */
const connected = new Map<number, Client[]>();

/** Connects the first sessions; when asked again, those that are measured. */
async function connectIdle(target: Target, count: number): Promise<Cast> {
  const there = connected.get(target.port) ?? [];
  connected.set(target.port, there);
  const role = (n: number): Role => ({ kind: 'subscriber', topic: `bench.idle.${there.length + n}` });
  const clients = await connectAll(
    target,
    Array.from({ length: there.length === 0 ? FIRST : count }, (_, n) => role(n)),
  );
  // A ping is answered, and nothing else comes.
  for (const client of clients) client.listen(refuse);
  there.push(...clients);
  return {
    run: () => Promise.reject(new Error('there is nothing to time')),
    close: () => closeAll(there),
  };
}

function refuse(message: Buffer): never {
  throw new Error(`an idle session was sent ${message.toString('latin1', 0, 80)}`);
}
