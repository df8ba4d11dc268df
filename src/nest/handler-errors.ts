import { HttpException, IntrinsicException } from '@nestjs/common';
import { MangroveError } from '../router/index.js';

/**
 * What a handler, guard, pipe or interceptor throws to choose what its caller hears. Like Nest's HTTP exceptions it is an
 * answer rather than a failure, and so not logged.
 */
export class MangroveException extends IntrinsicException {
  override readonly name = 'MangroveException';

  /** @param uri the error's URI, such as `com.example.error.not_found`. */
  constructor(
    readonly uri: string,
    readonly args: readonly unknown[] = [],
    readonly kwargs: Readonly<Record<string, unknown>> = {},
  ) {
    super(typeof args[0] === 'string' ? args[0] : uri);
  }
}

/** A URI as errors have them: words and dots. */
const DOTTED = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i;

const HIDDEN = 'The procedure failed.';

/**
 * What a caller hears of an error that a handler, guard, pipe, interceptor or filter threw.
 *
 * @param expose whether unexpected errors show their message; not in production.
 */
export function callerErrorOf(error: unknown, expose: boolean): MangroveError {
  if (error instanceof MangroveError) return error;
  if (error instanceof MangroveException) return new MangroveError(error.uri, error.args, error.kwargs);
  if (error instanceof HttpException) return errorOfHttp(error, expose);
  if (isRpcException(error)) return errorOfRpc(error.getError());
  const message = expose && error instanceof Error && error.message !== '' ? error.message : HIDDEN;
  return new MangroveError('wamp.error.runtime_error', [message]);
}

/** A filter that returns has answered, and an answer to an error is an error: what it returned is the argument. */
export function filteredErrorOf(answer: unknown, original: unknown, expose: boolean): MangroveError {
  if (answer instanceof Error) return callerErrorOf(answer, expose);
  return new MangroveError(callerErrorOf(original, expose).uri, [answer]);
}

function errorOfHttp(error: HttpException, expose: boolean): MangroveError {
  const uri = URI_OF_STATUS.get(error.getStatus());
  if (uri === undefined)
    return new MangroveError('wamp.error.runtime_error', [expose ? error.message : HIDDEN]);
  const response = error.getResponse();
  const details = typeof response === 'object' && 'message' in response ? response.message : undefined;
  return new MangroveError(uri, [error.message], Array.isArray(details) ? { errors: details } : {});
}

/** HTTP status → error URI */
const URI_OF_STATUS: ReadonlyMap<number, string> = new Map([
  [400, 'wamp.error.invalid_argument'],
  [422, 'wamp.error.invalid_argument'],
  [401, 'wamp.error.not_authorized'],
  [403, 'wamp.error.not_authorized'],
  [503, 'wamp.error.unavailable'],
]);

/** `RpcException` of `@nestjs/microservices`, which need not be installed. */
function isRpcException(error: unknown): error is Error & { getError(): string | object } {
  return error instanceof Error && 'getError' in error && typeof error.getError === 'function';
}

function errorOfRpc(error: string | object): MangroveError {
  if (typeof error === 'string') {
    return DOTTED.test(error)
      ? new MangroveError(error)
      : new MangroveError('wamp.error.runtime_error', [error]);
  }
  const { uri, args, kwargs } = error as {
    readonly uri?: unknown;
    readonly args?: unknown;
    readonly kwargs?: unknown;
  };
  if (typeof uri !== 'string') return new MangroveError('wamp.error.runtime_error', [error]);
  return new MangroveError(uri, Array.isArray(args) ? args : [], isRecord(kwargs) ? kwargs : {});
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
