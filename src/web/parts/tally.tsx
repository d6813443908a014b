import type { TallyAnswer } from '../../api/tally.ts';
import { formatAmount, formatPercent, formatSeconds, groupDigits } from '../../domain/figures.ts';

export type Held = NonNullable<TallyAnswer['cpu_hours']>;

/** Writes what was held and used, such as `120 h held, 30 h used of 100 h measured`. */
export function describeHeld({ held, measured, used }: Held, unit: string): string {
  const text = `${formatAmount(held)} ${unit} held`;
  return measured === undefined
    ? `${text}, use not measured`
    : `${text}, ${formatAmount(used ?? 0)} ${unit} used of ${formatAmount(measured)} ${unit} measured`;
}

/** A bar of what was held, `of` the whole width: the used part is strong, what was not measured is hatched. */
export function HeldBar({ amount, of, unit }: { amount: Held; of: number; unit: string }) {
  const width = (value: number) => ({ width: `${of === 0 ? 0 : (100 * value) / of}%` });
  const text = describeHeld(amount, unit);
  return (
    <span class="amount-bar" role="img" aria-label={text} title={text}>
      <span class="amount-unmeasured" style={width(amount.held)} />
      {amount.measured !== undefined && <span class="amount-allocated" style={width(amount.measured)} />}
      {amount.used !== undefined && <span class="amount-used" style={width(amount.used)} />}
    </span>
  );
}

/** Writes an efficiency; nothing if it is not known. */
export const efficiencyOf = (amount: Held | undefined): string =>
  amount?.efficiency === undefined ? '' : formatPercent(100 * amount.efficiency);

/** The figures of a sum: hours held and used, how jobs ended, how long they waited, energy. */
export function TallyFigures({ tally }: { tally: TallyAnswer }) {
  const { cpu_hours, gpu_hours, memory_gb_hours, wait_seconds, energy_joules } = tally;
  return (
    <section class="amounts" aria-label="Held and used by jobs that ended">
      <HeldFigures name="GPU hours" amount={gpu_hours} unit="h" />
      <HeldFigures name="CPU hours" amount={cpu_hours} unit="h" />
      <HeldFigures name="Memory" amount={memory_gb_hours} unit="GB h" />
      <div class="amount">
        <span class="amount-name">{groupDigits(tally.jobs)} ended</span>
        <dl>
          {endingsOf(tally).map(([name, jobs]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{groupDigits(jobs)}</dd>
            </div>
          ))}
        </dl>
      </div>
      {wait_seconds !== undefined && <Figure name="Mean wait" value={formatSeconds(wait_seconds)} />}
      {energy_joules !== undefined && (
        <Figure name="Energy" value={`${formatAmount(energy_joules / JOULES_PER_KWH)} kWh`} />
      )}
    </section>
  );
}

const JOULES_PER_KWH = 3.6e6;

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div class="amount">
    <span class="amount-name">{name}</span>
    {value}
  </div>
);

/** How jobs ended, without the ways in which none did. */
function endingsOf(tally: TallyAnswer): [string, number][] {
  const all: [string, number][] = [
    ['completed', tally.completed],
    ['failed', tally.failed],
    ['cancelled', tally.cancelled],
    ['out of time', tally.timed_out],
    ['out of memory', tally.out_of_memory],
    ['node failed', tally.node_failed],
    ['preempted', tally.preempted],
  ];
  return all.filter(([, jobs]) => jobs > 0);
}

/** From here on the first and last seconds of jobs are all that is missing. */
const ALL_MEASURED = 0.95;

function HeldFigures({ name, amount, unit }: { name: string; amount: Held | undefined; unit: string }) {
  if (!amount) return null;
  return (
    <div class="amount">
      <span class="amount-name">{name}</span>
      <HeldBar amount={amount} of={amount.held} unit={unit} />
      <dl>
        <div>
          <dt>held</dt>
          <dd>
            {formatAmount(amount.held)} {unit}
          </dd>
        </div>
        {amount.measured !== undefined && amount.measured < ALL_MEASURED * amount.held && (
          <div>
            <dt>measured</dt>
            <dd>
              {formatAmount(amount.measured)} {unit}
            </dd>
          </div>
        )}
        <div>
          <dt>used</dt>
          <dd>
            {amount.used === undefined
              ? 'not measured'
              : `${formatAmount(amount.used)} ${unit} (${efficiencyOf(amount)})`}
          </dd>
        </div>
      </dl>
    </div>
  );
}
