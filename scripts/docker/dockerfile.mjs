/** Reads a Dockerfile into stages and steps, and finds what is wrong with it. */
import { DockerfileParser, Keyword } from 'dockerfile-ast';

/** @typedef {{ line: number, keyword: string, text: string, flags: ReadonlyMap<string, string>, args: readonly string[], properties: readonly (readonly [string, string])[], exec: readonly string[] | undefined }} Step */
/** @typedef {{ name: string, base: string, steps: readonly Step[] }} Stage */

const KEYWORDS = new Set(Object.values(Keyword));
/** instruction → the flags that we know, and that a replay understands */
const FLAGS = {
  COPY: ['from', 'chown', 'chmod'],
  HEALTHCHECK: ['interval', 'timeout', 'start-period', 'start-interval', 'retries'],
};
/** Instructions whose arguments are JSON here: without a shell in between, signals and arguments arrive as they are. */
const EXEC_FORM = ['CMD', 'ENTRYPOINT'];

/**
 * @param {string} text content of the file.
 * @returns {{ stages: Stage[], faults: string[] }}
 */
export function readDockerfile(text) {
  const steps = DockerfileParser.parse(text).getInstructions().map(stepOf);
  const stages = [];
  const faults = steps.flatMap((step) => [...stepFaults(step)]);
  for (const step of steps) {
    if (step.keyword === 'FROM') {
      const [base, as, name] = step.args;
      if (as !== undefined && as.toUpperCase() !== 'AS') faults.push(fault(step, `"${as}" after the image`));
      stages.push({ name: name ?? String(stages.length), base, steps: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) {
      faults.push(fault(step, 'stands before the first FROM'));
      continue;
    }
    stage.steps.push(step);
    const from = step.flags.get('from');
    if (from !== undefined && !stages.slice(0, -1).some(({ name }) => name === from)) {
      faults.push(fault(step, `copies from "${from}", which is no stage above`));
    }
  }
  return { stages, faults: [...faults, ...imageFaults(stages)] };
}

/** The last step of a kind in a stage. */
export function lastOf(stage, keyword) {
  return stage.steps.findLast((step) => step.keyword === keyword);
}

/** @returns {Map<string, string>} the environment that a stage sets. */
export function environmentOf(stage) {
  const environment = new Map();
  for (const step of stage.steps) {
    if (step.keyword !== 'ENV') continue;
    for (const [name, value] of step.properties) environment.set(name, value);
  }
  return environment;
}

/** The command of a HEALTHCHECK, or undefined if there is none in exec form. */
export function healthCommandOf(stage) {
  return lastOf(stage, 'HEALTHCHECK')?.exec;
}

function stepOf(instruction) {
  const keyword = instruction.getKeyword();
  const flags = new Map(
    (instruction.getFlags?.() ?? []).map((flag) => [flag.getName(), flag.getValue() ?? '']),
  );
  const args = instruction.getArguments().map((argument) => argument.getValue());
  const text = (instruction.getArgumentsContent() ?? '').trim();
  const properties = (instruction.getProperties?.() ?? []).map((property) => [
    property.getName(),
    property.getValue() ?? '',
  ]);
  const line = instruction.getRange().start.line + 1;
  return { line, keyword, text, flags, args, properties, exec: execOf(keyword, text) };
}

function execOf(keyword, text) {
  if (![...EXEC_FORM, 'HEALTHCHECK'].includes(keyword)) return undefined;
  const json = keyword === 'HEALTHCHECK' ? (/\bCMD\s+(\[[^]*)$/.exec(text)?.[1] ?? '') : text;
  try {
    const value = JSON.parse(json);
    return Array.isArray(value) && value.every((part) => typeof part === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function* stepFaults(step) {
  const { keyword, flags, args, exec } = step;
  if (!KEYWORDS.has(keyword)) yield fault(step, 'is no instruction');
  if (args.length === 0) yield fault(step, 'has no arguments');
  for (const name of flags.keys()) {
    if (!(FLAGS[keyword] ?? []).includes(name)) yield fault(step, `has the unknown flag --${name}`);
  }
  if (EXEC_FORM.includes(keyword) && exec === undefined) yield fault(step, 'is not in exec form');
  if (keyword === 'COPY' && args.length < 2) yield fault(step, 'needs a source and a destination');
  if (keyword === 'ADD') yield fault(step, 'fetches and unpacks by surprise; use COPY');
}

/** What the image that we ship has to have. */
function* imageFaults(stages) {
  const image = stages.at(-1);
  if (image === undefined) {
    yield 'there is no stage';
    return;
  }
  if (stages.length < 2) yield 'there is one stage only: what builds would be shipped';
  for (const { name, base } of stages) {
    if (!/:[\w.-]+$/.test(base) || base.endsWith(':latest')) yield `stage ${name} has no fixed tag: ${base}`;
  }
  const user = lastOf(image, 'USER')?.args[0];
  if (user === undefined || /^(?:root|0)(?::|$)/.test(user)) yield 'the image runs as root';
  if (lastOf(image, 'STOPSIGNAL')?.args[0] !== 'SIGTERM') yield 'STOPSIGNAL is not SIGTERM';
  if (lastOf(image, 'CMD') === undefined) yield 'there is no CMD';
  const health = healthCommandOf(image);
  if (health === undefined) yield 'there is no HEALTHCHECK in exec form';
  else if (health.join(' ') !== 'node dist/main.js health') yield 'HEALTHCHECK does not ask /health';
}

function fault({ line, keyword }, what) {
  return `line ${line}: ${keyword} ${what}`;
}
