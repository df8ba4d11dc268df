import type { Comparison, ConditionNode, Node, Operator, ValueNode } from './syntax.js';
import type { Sign, Token, Word } from './tokens.js';
import { SelectorFault, Tokens } from './tokens.js';

/** The longest selector, in UTF-8 bytes. */
const MOST_BYTES = 4096;
/** The most nodes of a selector: operators, literals and names. */
const MOST_NODES = 100;
/** Parentheses inside parentheses, NOT and signs included: each is a few calls of the parser. */
const MOST_DEPTH = 32;

/** A node, and where it begins. */
interface Parsed<N extends Node = Node> {
  readonly node: N;
  readonly at: number;
}

/**
 * Reads the conditional expression of [JMS 2.0 §3.8.1]. What can never be compared (a string with `<`) is refused here and not
 * at each message.
 *
 * @throws SelectorFault with one sentence that tells where it is wrong.
 */
export function parse(text: string): ConditionNode {
  if (Buffer.byteLength(text) > MOST_BYTES) {
    throw new SelectorFault(`A selector may have ${MOST_BYTES} bytes`, 0);
  }
  return new Parser(text).selector();
}

/** Recursive descent, one token ahead; its depth is bounded by {@link MOST_DEPTH}. */
class Parser {
  readonly #tokens: Tokens;
  #token: Token;
  #nodes = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = new Tokens(text);
    this.#token = this.#tokens.next();
  }

  selector(): ConditionNode {
    if (this.#ended()) throw new SelectorFault('The selector is empty', 0);
    const { node } = condition(this.#or());
    if (!this.#ended()) throw new SelectorFault('Something is left over', this.#token.at);
    return node;
  }

  #or(): Parsed {
    let left = this.#and();
    while (this.#takesWord('OR')) left = this.#joined('or', left, this.#and());
    return left;
  }

  #and(): Parsed {
    let left = this.#not();
    while (this.#takesWord('AND')) left = this.#joined('and', left, this.#not());
    return left;
  }

  #joined(kind: 'and' | 'or', left: Parsed, right: Parsed): Parsed {
    const node = { kind, left: condition(left).node, right: condition(right).node } as const;
    return this.#node(node, left.at);
  }

  #not(): Parsed {
    const { at } = this.#token;
    if (!this.#takesWord('NOT')) return this.#comparison();
    return this.#deeper(at, () => this.#node({ kind: 'not', of: condition(this.#not()).node }, at));
  }

  #comparison(): Parsed {
    const left = this.#sum();
    const sign = this.#takesComparison();
    if (sign !== undefined) return this.#compared(left, sign);
    if (this.#takesWord('IS')) {
      const negated = this.#takesWord('NOT');
      this.#expectWord('NULL');
      return this.#unless(negated, this.#node({ kind: 'null', of: name(left).node }, left.at));
    }
    const negated = this.#takesWord('NOT');
    if (this.#takesWord('BETWEEN')) return this.#unless(negated, this.#between(left));
    if (this.#takesWord('IN')) return this.#unless(negated, this.#in(left));
    if (this.#takesWord('LIKE')) return this.#unless(negated, this.#like(left));
    if (negated) throw new SelectorFault('BETWEEN, IN or LIKE is expected', this.#token.at);
    return left;
  }

  #compared(left: Parsed, comparison: Comparison): Parsed {
    const right = this.#sum();
    const ordered = comparison !== '=' && comparison !== '<>';
    const operand = ordered ? numeric : value;
    return this.#node(
      { kind: 'compare', comparison, left: operand(left).node, right: operand(right).node },
      left.at,
    );
  }

  #between(of: Parsed): Parsed<ConditionNode> {
    const low = numeric(this.#sum()).node;
    this.#expectWord('AND');
    const high = numeric(this.#sum()).node;
    return this.#node({ kind: 'between', of: numeric(of).node, low, high }, of.at);
  }

  #in(of: Parsed): Parsed<ConditionNode> {
    this.#expectSign('(');
    const values: ValueNode[] = [];
    do {
      values.push(literal(this.#unary()));
    } while (this.#takesSign(','));
    this.#expectSign(')');
    return this.#node({ kind: 'in', of: name(of).node, values }, of.at);
  }

  #like(of: Parsed): Parsed<ConditionNode> {
    const pattern = this.#expectText();
    let escape: string | undefined;
    if (this.#takesWord('ESCAPE')) {
      const { at } = this.#token;
      escape = this.#expectText();
      if (escape.length !== 1) throw new SelectorFault('ESCAPE takes one character', at);
    }
    return this.#node({ kind: 'like', of: name(of).node, pattern, escape }, of.at);
  }

  #unless(negated: boolean, parsed: Parsed<ConditionNode>): Parsed<ConditionNode> {
    return negated ? this.#node({ kind: 'not', of: parsed.node }, parsed.at) : parsed;
  }

  #sum(): Parsed {
    let left = this.#product();
    for (;;) {
      const operator = this.#takesSign('+') ? '+' : this.#takesSign('-') ? '-' : undefined;
      if (operator === undefined) return left;
      left = this.#computed(operator, left, this.#product());
    }
  }

  #product(): Parsed {
    let left = this.#unary();
    for (;;) {
      const operator = this.#takesSign('*') ? '*' : this.#takesSign('/') ? '/' : undefined;
      if (operator === undefined) return left;
      left = this.#computed(operator, left, this.#unary());
    }
  }

  #computed(operator: Operator, left: Parsed, right: Parsed): Parsed {
    const node = {
      kind: 'arithmetic',
      operator,
      left: numeric(left).node,
      right: numeric(right).node,
    } as const;
    return this.#node(node, left.at);
  }

  #unary(): Parsed {
    const { at } = this.#token;
    if (this.#takesSign('+')) return this.#deeper(at, () => numeric(this.#unary()));
    if (!this.#takesSign('-')) return this.#primary();
    return this.#deeper(at, () => this.#node({ kind: 'negative', of: numeric(this.#unary()).node }, at));
  }

  #primary(): Parsed {
    const token = this.#token;
    const { at } = token;
    if (this.#takesSign('(')) {
      return this.#deeper(at, () => {
        const inner = this.#or();
        this.#expectSign(')');
        return inner;
      });
    }
    const literal = literalOf(token);
    if (literal === undefined) throw new SelectorFault('A value is expected', at);
    this.#advance();
    return this.#node(literal, at);
  }

  #node<N extends Node>(node: N, at: number): Parsed<N> {
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES) throw new SelectorFault(`A selector may have ${MOST_NODES} nodes`, at);
    return { node, at };
  }

  #deeper(at: number, inside: () => Parsed): Parsed {
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) throw new SelectorFault(`A selector may be ${MOST_DEPTH} levels deep`, at);
    const parsed = inside();
    this.#depth -= 1;
    return parsed;
  }

  #ended(): boolean {
    return this.#token.kind === 'end';
  }

  #advance(): void {
    this.#token = this.#tokens.next();
  }

  #takesWord(word: Word): boolean {
    const takes = this.#token.kind === 'word' && this.#token.word === word;
    if (takes) this.#advance();
    return takes;
  }

  #takesSign(sign: Sign): boolean {
    const takes = this.#token.kind === 'sign' && this.#token.sign === sign;
    if (takes) this.#advance();
    return takes;
  }

  #takesComparison(): Comparison | undefined {
    return COMPARISONS.find((sign) => this.#takesSign(sign));
  }

  #expectWord(word: Word): void {
    if (!this.#takesWord(word)) throw new SelectorFault(`${word} is expected`, this.#token.at);
  }

  #expectSign(sign: Sign): void {
    if (!this.#takesSign(sign)) throw new SelectorFault(`A ${sign} is expected`, this.#token.at);
  }

  #expectText(): string {
    const token = this.#token;
    if (token.kind !== 'text') throw new SelectorFault('A string is expected', token.at);
    this.#advance();
    return token.text;
  }
}

const COMPARISONS: readonly Comparison[] = ['=', '<>', '<', '<=', '>', '>='];

function literalOf(token: Token): ValueNode | undefined {
  switch (token.kind) {
    case 'text':
      return { kind: 'text', text: token.text };
    case 'number':
      return { kind: 'number', value: token.value };
    case 'identifier':
      return { kind: 'identifier', name: token.name };
    case 'word':
      if (token.word !== 'TRUE' && token.word !== 'FALSE') return undefined;
      return { kind: 'boolean', value: token.word === 'TRUE' };
    default:
      return undefined;
  }
}

/** What may be true: a condition, a name or a boolean literal. */
function condition({ node, at }: Parsed): Parsed<ConditionNode> {
  if (!isValue(node)) return { node, at };
  if (node.kind !== 'identifier' && node.kind !== 'boolean')
    throw new SelectorFault('A condition is expected', at);
  return { node: { kind: 'truth', of: node }, at };
}

function value({ node, at }: Parsed): Parsed<ValueNode> {
  if (!isValue(node)) throw new SelectorFault('A condition is no value', at);
  return { node, at };
}

/** What may be a number: not a string and not a boolean. */
function numeric(parsed: Parsed): Parsed<ValueNode> {
  const { node, at } = value(parsed);
  if (node.kind === 'text' || node.kind === 'boolean') throw new SelectorFault('A number is expected', at);
  return { node, at };
}

function name(parsed: Parsed): Parsed<ValueNode> {
  const { node, at } = value(parsed);
  if (node.kind !== 'identifier') throw new SelectorFault('A name is expected', at);
  return { node, at };
}

function literal(parsed: Parsed): ValueNode {
  const { node, at } = value(parsed);
  const number = node.kind === 'negative' ? node.of : node;
  if (number.kind === 'number' || node.kind === 'text' || node.kind === 'boolean') return node;
  throw new SelectorFault('A literal is expected', at);
}

function isValue(node: Node): node is ValueNode {
  return VALUES.has(node.kind);
}

const VALUES: ReadonlySet<string> = new Set<ValueNode['kind']>([
  'text',
  'number',
  'boolean',
  'identifier',
  'negative',
  'arithmetic',
]);
