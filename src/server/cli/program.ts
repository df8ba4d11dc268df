import { Command, CommanderError } from 'commander';
import { VERSION } from '../../router/index.js';
import { ConfigurationError, checkProduction, loadConfig, renderReferencePage } from '../config/index.js';
import { EXIT } from './console-io.js';
import type { ConsoleIo } from './console-io.js';
import { hash } from './hash.js';
import type { HashOptions } from './hash.js';
import { health } from './health.js';
import type { HealthOptions } from './health.js';
import { serve } from './serve.js';
import type { ServeOptions } from './serve.js';

/**
 * Runs the `mangrove` command. Resolves to its exit code: 0, 1 if it could not do it, 2 if the command line or the
 * configuration is wrong.
 *
 * @param args without the names of the program and the script.
 */
export async function runCli(args: readonly string[], io: ConsoleIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(io, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}

function buildProgram(io: ConsoleIo, exit: (code: number) => void): Command {
  const program = new Command('mangrove')
    .description('One WebSocket endpoint that speaks STOMP and WAMP over one set of topics and procedures.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });

  program
    .command('serve')
    .description('run the server until it is told to stop')
    .option('--config <file>', 'YAML file; see docs/configuration.md (also MANGROVE_CONFIG)')
    .option('--json-logs', 'write one JSON object a line')
    .addHelpText('after', '\nEnvironment: HOST, PORT, MANGROVE_CONFIG')
    .action(async (options: ServeOptions) => exit(await serve(options, io)));

  program
    .command('check-config')
    .description('say what is wrong with a configuration file; exit code 2 if anything is')
    .argument('<file>', 'YAML file')
    .option('--production', 'refuse what is for development only, where others can reach the server')
    .action((file: string, { production }: { readonly production?: true }) => {
      const config = loadConfig({ file, env: io.env });
      if (production === true) checkProduction(config);
      io.out(`${file}: ok\n`);
    });

  program
    .command('health')
    .description('ask the server of this configuration whether it is well; exit code 1 if it is not')
    .option('--config <file>', 'YAML file; see docs/configuration.md (also MANGROVE_CONFIG)')
    .action(async (options: HealthOptions) => exit(await health(options, io)));

  program
    .command('hash')
    .description('read a secret from standard input and print its hash for the configuration')
    .option('--ticket', 'the secret is a ticket (`passcode` in STOMP)')
    .option('--wampcra', 'the secret is for the WAMP method wampcra')
    .option('--scram', 'the secret is a password for the WAMP method wamp-scram')
    .option('--kdf <name>', 'with --scram: argon2id13 (default) or pbkdf2')
    .option(
      '--cryptosign',
      'the secret is an Ed25519 private key, or empty for a new pair; prints the public key',
    )
    .action(async (options: HashOptions) => exit(await hash(options, io)));

  const store = program.command('store').description('look after a durable store');
  store
    .command('check')
    .description('read every record of a store that no server uses; exit code 1 if anything is damaged')
    .argument('<path>', 'the folder of the store')
    .action(async (path: string) => exit(await (await storeCommands()).storeCheck(path, io)));
  store
    .command('backup')
    .description('copy a store to a new folder, also while a server uses it')
    .argument('<path>', 'the folder of the store')
    .argument('<to>', 'a folder that is not there yet, or is empty')
    .action(async (path: string, to: string) =>
      exit(await (await storeCommands()).storeBackup(path, to, io)),
    );
  store
    .command('compact')
    .description('give back the free space inside a store that no server uses')
    .argument('<path>', 'the folder of the store')
    .action(async (path: string) => exit(await (await storeCommands()).storeCompact(path, io)));

  program
    .command('config-docs')
    .description('print the reference page of the configuration')
    .action(() => io.out(renderReferencePage()));

  return program;
}

/** Loaded when they are wanted: they bring native code, and a server without a store shall start without it. */
const storeCommands = async () => import('./store.js');

function exitCodeOf(error: unknown, io: ConsoleIo): number {
  if (error instanceof ConfigurationError) {
    for (const problem of error.problems) io.err(`mangrove: ${problem}\n`);
    return EXIT.usage;
  }
  // commander has said it already; help and version end this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  throw error;
}
