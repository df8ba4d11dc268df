import type { Filter } from '../filter.js';
import type { Publication } from '../publication.js';
import { conditionOf } from './evaluation.js';
import { parse } from './parser.js';
import { SelectorFault } from './tokens.js';

/** A filter, or why the text is no selector and where: a sentence without its dot, which holds nothing of the text. */
export type Selector = { readonly filter: Filter } | { readonly fault: string };

/**
 * Reads a selector: the conditional expression of [JMS 2.0 §3.8.1], in three-valued logic; a publication for which it is
 * unknown is not accepted. At most 4 KiB, 100 nodes and 32 levels of parentheses.
 *
 * - Names are user headers, case-sensitive, absent ones NULL; `JMSPriority`, `JMSTimestamp`, `JMSMessageID`, `JMSCorrelationID`,
 *   `JMSType`, `JMSReplyTo`, `JMSDeliveryMode`, `JMSDestination`, `JMSExpiration`, `JMSXUserID`, `destination` and
 *   `"content-type"` are the message's own. A name that is no identifier stands in double quotes.
 * - Headers are strings. Beside a number one counts as a number if it is written like one, beside TRUE and FALSE as a boolean
 *   if it is `true` or `false`; between what cannot be compared every comparison is false [JMS 2.0 §3.8.1.2].
 * - Numbers are doubles, and `/` does not round; what has no result is NULL.
 * - LIKE looks into values of 1024 characters at most; of longer ones it is unknown.
 */
export function parseSelector(text: string): Selector {
  try {
    const condition = conditionOf(parse(text));
    return { filter: { accepts: (publication: Publication) => condition(publication) === true } };
  } catch (error) {
    if (error instanceof SelectorFault) return { fault: error.message };
    throw error;
  }
}
