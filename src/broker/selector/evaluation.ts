import { assertNever } from '../../lib/index.js';
import type { Publication } from '../publication.js';
import { likeMatcher } from './like.js';
import type { Value } from './properties.js';
import { propertyOf } from './properties.js';
import type { Comparison, ConditionNode, Operator, ValueNode } from './syntax.js';

/** True, false or (undefined) unknown [JMS 2.0 §3.8.1.2]. */
type Truth = boolean | undefined;
/** A node that was made ready for use. */
type Condition = (publication: Publication) => Truth;
type Term = (publication: Publication) => Value;

/** The longest value that LIKE looks into, in UTF-16 units; of a longer one it is not known. */
const LONGEST_LIKE_VALUE = 1024;
/** The longest header that is read as a number. */
const LONGEST_NUMBER = 64;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Makes a condition ready for use.
 *
 * @throws SelectorFault for a LIKE pattern that is none.
 */
export function conditionOf(node: ConditionNode): Condition {
  switch (node.kind) {
    case 'and':
      return andOf(conditionOf(node.left), conditionOf(node.right));
    case 'or':
      return orOf(conditionOf(node.left), conditionOf(node.right));
    case 'not': {
      const of = conditionOf(node.of);
      return (publication) => not(of(publication));
    }
    case 'compare': {
      const left = termOf(node.left);
      const right = termOf(node.right);
      const { comparison } = node;
      return (publication) => compare(comparison, left(publication), right(publication));
    }
    case 'between':
      return betweenOf(termOf(node.of), termOf(node.low), termOf(node.high));
    case 'in':
      return inOf(termOf(node.of), node.values.map(termOf));
    case 'like':
      return likeOf(termOf(node.of), likeMatcher(node.pattern, node.escape));
    case 'null': {
      const of = termOf(node.of);
      return (publication) => of(publication) === undefined;
    }
    case 'truth': {
      const of = termOf(node.of);
      return (publication) => booleanOf(of(publication));
    }
    default:
      return assertNever(node);
  }
}

function termOf(node: ValueNode): Term {
  switch (node.kind) {
    case 'text':
      return () => node.text;
    case 'number':
    case 'boolean':
      return () => node.value;
    case 'identifier':
      return propertyOf(node.name);
    case 'negative': {
      const of = termOf(node.of);
      return (publication) => negative(numberOf(of(publication)));
    }
    case 'arithmetic': {
      const left = termOf(node.left);
      const right = termOf(node.right);
      const { operator } = node;
      return (publication) => compute(operator, numberOf(left(publication)), numberOf(right(publication)));
    }
    default:
      return assertNever(node);
  }
}

function andOf(left: Condition, right: Condition): Condition {
  return (publication) => {
    const one = left(publication);
    return one === false ? false : and(one, right(publication));
  };
}

function orOf(left: Condition, right: Condition): Condition {
  return (publication) => {
    const one = left(publication);
    return one === true ? true : not(and(not(one), not(right(publication))));
  };
}

function betweenOf(of: Term, low: Term, high: Term): Condition {
  return (publication) => {
    const value = of(publication);
    return and(compare('>=', value, low(publication)), compare('<=', value, high(publication)));
  };
}

/** The same as `=` for each, joined by OR. */
function inOf(of: Term, values: readonly Term[]): Condition {
  return (publication) => {
    const value = of(publication);
    return value === undefined
      ? undefined
      : values.some((one) => compare('=', value, one(publication)) === true);
  };
}

function likeOf(of: Term, matches: (text: string) => boolean): Condition {
  return (publication) => {
    const value = of(publication);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return false;
    return value.length > LONGEST_LIKE_VALUE ? undefined : matches(value);
  };
}

function and(one: Truth, other: Truth): Truth {
  if (one === false || other === false) return false;
  return one === undefined || other === undefined ? undefined : true;
}

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

/** Unknown if one is NULL; false if the two are of kinds that cannot be compared, whatever the comparison. */
function compare(comparison: Comparison, left: Value, right: Value): Truth {
  if (left === undefined || right === undefined) return undefined;
  switch (comparison) {
    case '=':
      return equals(left, right) === true;
    case '<>':
      return equals(left, right) === false;
    case '<':
      return ordered(left, right, (a, b) => a < b);
    case '<=':
      return ordered(left, right, (a, b) => a <= b);
    case '>':
      return ordered(left, right, (a, b) => a > b);
    case '>=':
      return ordered(left, right, (a, b) => a >= b);
    default:
      return assertNever(comparison);
  }
}

/**
 * Headers are strings: beside a number one is a number if it is written like one, beside TRUE or FALSE a boolean if it is
 * `true` or `false`, beside another string a string. Undefined if the two cannot be compared.
 */
function equals(left: string | number | boolean, right: string | number | boolean): Truth {
  if (typeof left === typeof right) return left === right;
  if (typeof left === 'number' || typeof right === 'number') return same(numberOf(left), numberOf(right));
  return same(booleanOf(left), booleanOf(right));
}

function same<T>(left: T | undefined, right: T | undefined): Truth {
  return left === undefined || right === undefined ? undefined : left === right;
}

function ordered(left: Value, right: Value, holds: (left: number, right: number) => boolean): boolean {
  const a = numberOf(left);
  const b = numberOf(right);
  return a !== undefined && b !== undefined && holds(a, b);
}

function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > LONGEST_NUMBER || !NUMBER.test(value)) return undefined;
  return Number(value);
}

function booleanOf(value: Value): Truth {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  return value === 'false' ? false : undefined;
}

function negative(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}

/** NULL if one side is no number, or the result is none: a division by zero. */
function compute(
  operator: Operator,
  left: number | undefined,
  right: number | undefined,
): number | undefined {
  if (left === undefined || right === undefined) return undefined;
  const result = computed(operator, left, right);
  return Number.isFinite(result) ? result : undefined;
}

function computed(operator: Operator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return assertNever(operator);
  }
}
