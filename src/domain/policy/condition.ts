const OPERATORS = {
  '>=': (value: number, bound: number) => value >= bound,
  '<=': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
  '<': (value: number, bound: number) => value < bound,
  '=': (value: number, bound: number) => value === bound,
} as const;
type Operator = keyof typeof OPERATORS;

/** A comparison of a figure with a number. */
export interface Condition {
  readonly figure: string;
  readonly operator: Operator;
  readonly bound: number;
}

/** Reads a comparison such as `>= 100`; undefined if it is none. */
export function readComparison(text: string): Omit<Condition, 'figure'> | undefined {
  const [, operator, number] = /^\s*(>=|<=|>|<|=)\s*(\d{1,12}(?:\.\d{1,6})?)\s*$/.exec(text) ?? [];
  return operator === undefined ? undefined : { operator: operator as Operator, bound: Number(number) };
}

/** Returns whether a figure satisfies a condition; one that is not known satisfies none. */
export const holds = ({ operator, bound }: Condition, value: number | undefined): boolean =>
  value !== undefined && Number.isFinite(value) && OPERATORS[operator](value, bound);

/** Writes a condition as the file has it. */
export const describeCondition = ({ figure, operator, bound }: Condition): string =>
  `${figure} ${operator} ${bound}`;
