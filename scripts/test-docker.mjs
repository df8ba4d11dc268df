/**
 * Proves of the container what can be proved without an engine: the files are sound and fit together, and the Dockerfile's
 * steps, done here, make a server that works as an unprivileged user. No image is built.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contextOf, missingSources } from './docker/context.mjs';
import { schemaFaults, serviceFaults, textOf } from './docker/compose.mjs';
import { healthCommandOf, lastOf, readDockerfile } from './docker/dockerfile.mjs';
import { replay } from './docker/replay.mjs';
import { connect, stompToWamp, storeInQueue, takeFromQueue } from './support/exchange.mjs';
import { mustRun, run, start } from './support/running.mjs';
import { steps } from './support/steps.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** `nobody`, in every Linux. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** How long the server may take to start and to stop, in ms. */
const START_MS = 20_000;
const STOP_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'mangrove-docker-'));
chmodSync(folder, 0o755);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const step = steps();
const { stages, faults } = readDockerfile(textOf(ROOT, 'docker/Dockerfile'));
expectNone('docker/Dockerfile', faults);
const image = stages.at(-1);
const files = contextOf(ROOT);
expectNone('docker/Dockerfile', missingSources(stages, files));
step.done(`docker/Dockerfile parses; every COPY source is among the ${files.length} files of the context`);

const compose = textOf(ROOT, 'docker/compose.yaml');
expectNone('docker/compose.yaml', schemaFaults(compose));
const config = textOf(ROOT, 'docker/mangrove.yaml');
expectNone('docker/compose.yaml', [...serviceFaults(join(ROOT, 'docker'), compose, image, config)]);
step.done('docker/compose.yaml validates against the Compose Specification and fits the image');

const isRoot = process.getuid() === 0;
const user = isRoot ? NOBODY : undefined;
const built = await replay(stages, { context: ROOT, files, folder, owner: user, told: step.done });

const port = await freePort();
const environment = {
  ...Object.fromEntries(built.environment),
  PATH: `${await nodeFolder()}:/usr/local/bin:/usr/bin:/bin`,
  // Another port: the image's may be taken here.
  PORT: String(port),
};
mapStore(environment.MANGROVE_CONFIG);
const options = { cwd: built.workdir, env: environment, ...user };
const health = healthCommandOf(image);
await mustRun('node', ['dist/main.js', 'check-config', environment.MANGROVE_CONFIG], {
  ...options,
  withinMs: START_MS,
});
if ((await run(health[0], health.slice(1), { ...options, withinMs: START_MS })).code === 0) {
  throw new Error('the health check succeeds though nothing runs');
}

const server = await started();
step.done(
  `CMD runs as user ${user?.uid ?? process.getuid()}, who is not root, with the environment of the image`,
);

const answer = await fetch(`http://127.0.0.1:${port}/health`);
if (answer.status !== 200) throw new Error(`/health answers ${answer.status}`);
await mustRun(health[0], health.slice(1), { ...options, withinMs: START_MS });
step.done('/health answers 200, and HEALTHCHECK succeeds');

const url = `ws://127.0.0.1:${port}/ws`;
await stompToWamp(url);
step.done('a STOMP message reaches a WAMP client');

await storeInQueue(url, 'orders', 'first');
const client = await connect(url, 'v12.stomp');
await stopped(server);
client.close();
step.done('it exits with 0 after SIGTERM, a client being connected');

const again = await started();
await storeInQueue(url, 'parcels', 'second');
again.kill();
await again.exited;
const last = await started();
await takeFromQueue(url, 'orders', 'first');
await takeFromQueue(url, 'parcels', 'second');
await stopped(last);
step.done('what was confirmed is in the volume after a stop and after a SIGKILL');

const plain = readFileSync(environment.MANGROVE_CONFIG, 'utf8');
writeFileSync(environment.MANGROVE_CONFIG, `${plain}\ntls: ${JSON.stringify(await makeCertificate())}\n`);
const secured = await started();
await mustRun(health[0], health.slice(1), { ...options, withinMs: START_MS });
await stopped(secured);
step.done('HEALTHCHECK succeeds with `tls` in the configuration, too');
step.end('The container files are as they should be, as far as that can be told without an engine; checked');
process.exit(0);

async function started() {
  const [command, ...args] = lastOf(image, 'CMD').exec;
  const program = start(command, args, options);
  await program.written(/"msg":"started"/, START_MS);
  return program;
}

async function stopped(program) {
  program.signal(lastOf(image, 'STOPSIGNAL').args[0]);
  const late = setTimeout(program.kill, STOP_MS);
  const code = await program.exited;
  clearTimeout(late);
  if (code !== 0) throw new Error(`after the stop signal it ended with ${code}:\n${program.output()}`);
}

/** The store's folder, where compose.yaml mounts the volume, is one of the replayed file system, not of this machine. */
function mapStore(file) {
  const [, path] = /^ {4}path: (\/\S+)$/m.exec(config) ?? [];
  if (path === undefined) throw new Error('docker/mangrove.yaml turns no store on');
  writeFileSync(file, config.replace(path, join(built.root, path)));
}

/** A certificate and its key, which the user may read. */
async function makeCertificate() {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost';
  await mustRun('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { withinMs: START_MS });
  for (const file of [cert, key]) chmodSync(file, 0o644);
  return { cert, key };
}

function expectNone(file, found) {
  if (found.length > 0) throw new Error(`${file}:\n${found.join('\n')}`);
}

/** A folder with a `node` that the user may run. */
async function nodeFolder() {
  const mayRun = await run(process.execPath, ['-e', '0'], { ...user, withinMs: START_MS }).then(
    ({ code: ended }) => ended === 0,
    () => false,
  );
  if (mayRun) return dirname(process.execPath);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  return bin;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
