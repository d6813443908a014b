import { describeWasted, type Wasted } from './amounts.ts';

interface WasteBarProps {
  readonly amount: Wasted;
  /** What the whole width stands for. */
  readonly of: number;
  readonly unit: string;
}

/**
 * A bar of what was held: wasted first, so that the waste of several bars can be compared, then used, and what
 * was not measured hatched.
 */
export function WasteBar({ amount, of, unit }: WasteBarProps) {
  const { held, unmeasured, wasted = 0 } = amount;
  const width = (value: number) => ({ width: `${of === 0 ? 0 : (100 * value) / of}%` });
  const text = describeWasted(amount, unit);
  return (
    <span class="amount-bar" role="img" aria-label={text} title={text}>
      <span class="amount-unmeasured" style={width(held)} />
      <span class="amount-used" style={width(held - unmeasured)} />
      <span class="amount-wasted" style={width(wasted)} />
    </span>
  );
}
