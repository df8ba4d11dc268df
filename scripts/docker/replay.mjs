/**
 * Does what a builder does with the COPY, RUN and WORKDIR steps, in folders that stand for the stages' file systems. The base
 * image is this machine: its Node, its npm, its shell.
 */
import { chownSync, cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { mustRun } from '../support/running.mjs';
import { filesOf } from './context.mjs';
import { environmentOf } from './dockerfile.mjs';

/** How long one RUN may take, in ms. */
const RUN_MS = 240_000;

/** Steps that say something about the image and do nothing while it is built. */
const SILENT = new Set(['LABEL', 'ENV', 'USER', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'CMD', 'ENTRYPOINT']);

/**
 * @typedef {object} Replay
 * @property {string} context top of the build context.
 * @property {readonly string[]} files of the context.
 * @property {string} folder an empty folder for the stages.
 * @property {{ uid: number, gid: number } | undefined} owner who gets what is copied with `--chown`; undefined: nobody else.
 * @property {(text: string) => void} told hears of each step that is done.
 */

/**
 * @param {readonly import('./dockerfile.mjs').Stage[]} stages
 * @param {Replay} replay
 * @returns {Promise<{ root: string, workdir: string, environment: Map<string, string> }>} the last stage: its file system and
 * what its processes see. Values of the environment that are paths in the image are paths in `root`.
 */
export async function replay(stages, { context, files, folder, owner, told }) {
  const roots = new Map(stages.map(({ name }) => [name, join(folder, `stage-${name}`)]));
  let last;
  for (const stage of stages) {
    const root = roots.get(stage.name);
    mkdirSync(root);
    let workdir = '/';
    const inside = (path) => join(root, posix.resolve(workdir, path));
    for (const step of stage.steps) {
      switch (step.keyword) {
        case 'WORKDIR':
          workdir = posix.resolve(workdir, step.args[0]);
          mkdirSync(inside('.'), { recursive: true });
          break;
        case 'COPY':
          copy(step);
          break;
        case 'RUN':
          await runStep(step);
          break;
        default:
          if (!SILENT.has(step.keyword)) throw new Error(`cannot replay ${step.keyword}`);
      }
    }
    last = { root, workdir: inside('.'), environment: mapped(environmentOf(stage), root) };

    function copy({ args, flags, text }) {
      const sources = args.slice(0, -1);
      const destination = args.at(-1);
      const target = inside(destination);
      const from = flags.get('from');
      const intoFolder = /(?:^|\/)\.{0,2}$/.test(destination) || sources.length > 1;
      for (const source of sources) {
        if (from !== undefined)
          copyTree(join(roots.get(from), posix.resolve('/', source)), target, intoFolder);
        else copyContext(source, target, intoFolder);
      }
      if (flags.has('chown') && owner !== undefined) chownSync(target, owner.uid, owner.gid);
      told(`${stage.name}: COPY ${text}`);
    }

    function copyContext(source, target, intoFolder) {
      const path = posix.normalize(source).replace(/\/$/, '');
      for (const file of filesOf(source, files)) {
        const below = path === '.' ? file : file.slice(path.length + 1);
        // A folder's content is copied, not the folder; a file alone goes into the target or becomes it.
        const to = below === '' ? (intoFolder ? join(target, basename(file)) : target) : join(target, below);
        mkdirSync(dirname(to), { recursive: true });
        cpSync(join(context, file), to);
      }
    }

    async function runStep({ text }) {
      const environment = { ...builderEnvironment(), ...Object.fromEntries(environmentOf(stage)) };
      await mustRun('/bin/sh', ['-c', text], { cwd: inside('.'), env: environment, withinMs: RUN_MS });
      told(`${stage.name}: RUN ${text}`);
    }
  }
  return last;
}

function copyTree(from, target, intoFolder) {
  if (!existsSync(from)) throw new Error(`COPY: ${from} is not there`);
  const to = statSync(from).isFile() && intoFolder ? join(target, basename(from)) : target;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** A stage begins with a clean environment, but npm may use its cache and its configuration. */
function builderEnvironment() {
  const kept = ['HOME', 'npm_config_cache', 'npm_config_registry', 'npm_config_userconfig'];
  const environment = Object.fromEntries(
    kept.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]),
  );
  return {
    ...environment,
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
}

function mapped(environment, root) {
  return new Map(
    [...environment].map(([name, value]) => {
      const path = join(root, value);
      return [name, value.startsWith('/') && existsSync(path) ? path : value];
    }),
  );
}
