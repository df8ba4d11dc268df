/** A median beside the extremes it was taken from. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The median of some figures with their extremes; of an even number, the mean of the two in the middle.
 *
 * @throws RangeError if there is none.
 */
export function spread(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (min === undefined || max === undefined || upper === undefined || lower === undefined) {
    throw new RangeError('no figures');
  }
  return { median: (lower + upper) / 2, min, max };
}

/**
 * The ratios of figures that were measured one after the other in the same rounds, as a spread: what drifts from round to
 * round (clock, neighbours) falls out of it.
 *
 * @throws RangeError if the two are not of one length, or empty.
 */
export function ratios(numerators: readonly number[], denominators: readonly number[]): Spread {
  return paired(numerators, denominators, (numerator, denominator) => numerator / denominator);
}

/**
 * The differences of such figures, as a spread.
 *
 * @throws RangeError if the two are not of one length, or empty.
 */
export function differences(minuends: readonly number[], subtrahends: readonly number[]): Spread {
  return paired(minuends, subtrahends, (minuend, subtrahend) => minuend - subtrahend);
}

function paired(
  left: readonly number[],
  right: readonly number[],
  compute: (left: number, right: number) => number,
): Spread {
  if (left.length !== right.length) throw new RangeError('rounds do not pair up');
  return spread(left.map((figure, round) => compute(figure, right[round] ?? Number.NaN)));
}
