import type { Filter } from '../../broker/index.js';
import { parseSelector } from '../../broker/index.js';
import type { HeaderValues } from './header-values.js';

/** What the `selector` of a SUBSCRIBE chooses; undefined for all, which an empty one stands for too. Faults are told by `values`. */
export function selectorOf(values: HeaderValues): Filter | undefined {
  const text = values.text('selector');
  if (text === undefined || text === '') return undefined;
  const selector = parseSelector(text);
  if ('filter' in selector) return selector.filter;
  values.refuse('selector', `is no selector: ${selector.fault}`, 'invalid selector');
  return undefined;
}
