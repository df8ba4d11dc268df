import type { WireMap } from '../../../serializers/index.js';
import type { Elements } from './elements.js';
import { Breach, wholeNumber } from './elements.js';
import type { CallOptions, SharingOptions } from './messages.js';
import { MAX_CREDIT, keyFault, readerOf } from './option-reader.js';

const NO_SHARING: SharingOptions = {
  concurrency: undefined,
  force: false,
  forwardTimeout: false,
  fault: undefined,
};

/** What the options of REGISTER say about calls, and about those who offer the same procedure. */
export function readSharing(elements: Elements, options: WireMap): SharingOptions {
  if (elements.isEmpty(options)) return NO_SHARING;
  const reader = readerOf(elements, options);
  const concurrency = reader.integer('concurrency', 1, MAX_CREDIT);
  const force = reader.flag('force_reregister') === true;
  const forwardTimeout = elements.flag(options, 'forward_timeout') === true;
  return { concurrency, force, forwardTimeout, fault: reader.fault };
}

const NOTHING_ASKED: CallOptions = {
  timeoutMs: undefined,
  shard: undefined,
  progress: false,
  fault: undefined,
};

/** What the options of CALL say about how it is to be made. */
export function readCallOptions(elements: Elements, options: WireMap): CallOptions {
  if (elements.isEmpty(options)) return NOTHING_ASKED;
  const progress = elements.flag(options, 'progress') === true;
  const timeoutMs = readTimeout(elements, options);
  const runmode = elements.string(options, 'runmode');
  const shard = runmode === undefined ? undefined : elements.key(options, 'rkey');
  let fault: string | undefined;
  if (timeoutMs !== undefined && timeoutMs < 0) fault = 'timeout must be at least 0.';
  else if (runmode !== undefined && runmode !== 'partition') fault = 'runmode must be partition.';
  else if (runmode !== undefined && shard === undefined) fault = 'runmode partition needs an rkey.';
  else fault = keyFault('rkey', shard);
  // Zero asks for nothing special.
  return { timeoutMs: timeoutMs === 0 ? undefined : timeoutMs, shard, progress, fault };
}

function readTimeout(elements: Elements, options: WireMap): number | undefined {
  const value = elements.option(options, 'timeout');
  if (value === undefined) return undefined;
  const timeoutMs = wholeNumber(value);
  if (timeoutMs === undefined) throw new Breach('timeout must be an integer.');
  return timeoutMs;
}
