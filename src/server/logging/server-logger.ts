import { ConsoleLogger } from '@nestjs/common';
import type { LogLevel } from '@nestjs/common';
import { escapeForLog } from './escape.js';

/** How the server logs. */
export interface LogOptions {
  /** One JSON object a line instead of text. */
  readonly json: boolean;
  /** The least important level that is written. */
  readonly level: 'error' | 'warn' | 'info' | 'debug';
}

const LEVELS = {
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'],
} as const satisfies Record<LogOptions['level'], readonly LogLevel[]>;

/** Where the framework tells how it starts; we say what matters in one line of our own, and report its errors. */
const FRAMEWORK_CONTEXTS: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'NestApplication',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
]);

/** Stacks are many lines; this is room for about thirty frames. */
const STACK_LENGTH = 4096;

/**
 * Nest's console logger, with one line per entry whatever the text holds: nobody can forge a line or drive a terminal
 * through a name that they chose.
 */
export class ServerLogger extends ConsoleLogger {
  readonly #json: boolean;
  readonly #debugs: boolean;

  constructor({ json, level }: LogOptions) {
    super({ json, colors: false, logLevels: [...LEVELS[level]], prefix: 'mangrove', compact: true });
    this.#json = json;
    this.#debugs = level === 'debug';
  }

  protected override printMessages(
    messages: unknown[],
    context = '',
    logLevel: LogLevel = 'log',
    _stream?: 'stdout' | 'stderr',
    stack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    if (FRAMEWORK_CONTEXTS.has(context) && !this.#debugs) return;
    const trace = typeof stack === 'string' ? stack : undefined;
    for (const message of messages) this.#print(logLevel, context, message, params, trace);
  }

  /** Stacks are part of the entry. */
  protected override printStackTrace(): void {}

  #print(
    level: LogLevel,
    context: string,
    message: unknown,
    params: Record<string, unknown> | undefined,
    stack: string | undefined,
  ): void {
    const fields = { ...params, ...(stack === undefined ? {} : { stack }) };
    const text = message instanceof Error ? (message.stack ?? message.message) : String(message);
    const line = this.#json ? jsonLine(level, context, text, fields) : textLine(level, context, text, fields);
    process.stdout.write(`${line}\n`);
  }
}

function jsonLine(level: LogLevel, context: string, message: string, fields: object): string {
  const entry: Record<string, unknown> = { time: new Date().toISOString(), level: levelName(level) };
  if (context !== '') entry['context'] = context;
  entry['msg'] = escapeForLog(message, STACK_LENGTH);
  for (const [key, value] of Object.entries(fields)) {
    if (!(key in entry)) entry[key] = safeValue(value, key);
  }
  return JSON.stringify(entry);
}

function textLine(level: LogLevel, context: string, message: string, fields: object): string {
  const parts = [new Date().toISOString(), levelName(level).padEnd(5)];
  if (context !== '') parts.push(`[${context}]`);
  parts.push(escapeForLog(message, STACK_LENGTH));
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${key}=${quoted(safeValue(value, key))}`);
  }
  return parts.join(' ');
}

function levelName(level: LogLevel): string {
  return level === 'log' ? 'info' : level;
}

function safeValue(value: unknown, key: string): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => safeValue(item, key));
  return escapeForLog(String(value), key === 'stack' ? STACK_LENGTH : undefined);
}

/** Text that could be taken for the next field is put in quotes. */
function quoted(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
