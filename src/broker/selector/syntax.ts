/** A comparison [JMS 2.0 §3.8.1.1]. */
export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
/** An arithmetic operator. */
export type Operator = '+' | '-' | '*' | '/';

/** What stands for a value: literals, headers and what is computed of them. */
export type ValueNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'negative'; readonly of: ValueNode }
  | {
      readonly kind: 'arithmetic';
      readonly operator: Operator;
      readonly left: ValueNode;
      readonly right: ValueNode;
    };

/** What is true, false or unknown. */
export type ConditionNode =
  | { readonly kind: 'and' | 'or'; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: 'not'; readonly of: ConditionNode }
  | {
      readonly kind: 'compare';
      readonly comparison: Comparison;
      readonly left: ValueNode;
      readonly right: ValueNode;
    }
  | { readonly kind: 'between'; readonly of: ValueNode; readonly low: ValueNode; readonly high: ValueNode }
  | { readonly kind: 'in'; readonly of: ValueNode; readonly values: readonly ValueNode[] }
  | {
      readonly kind: 'like';
      readonly of: ValueNode;
      readonly pattern: string;
      /** What makes the `%`, `_` or itself behind it a plain character. */
      readonly escape: string | undefined;
    }
  | { readonly kind: 'null'; readonly of: ValueNode }
  /** A header or a literal that is true or false by itself. */
  | { readonly kind: 'truth'; readonly of: ValueNode };

/** Any node. */
export type Node = ValueNode | ConditionNode;
