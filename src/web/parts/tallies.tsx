import type { TallyListAnswer, TallyRowAnswer } from '../../api/tally-list.ts';
import { formatAmount, formatSeconds, groupDigits } from '../../domain/figures.ts';
import { accountAddress, addressOf, userAddress } from './router.ts';
import { efficiencyOf, type Held, HeldBar } from './tally.tsx';

export type TallyGroup = TallyListAnswer['group_by'];

const HEADS: Record<TallyGroup, string> = {
  user: 'User',
  account: 'Account',
  partition: 'Partition',
  day: 'Day',
};

interface TallyTableProps {
  readonly groupBy: TallyGroup;
  readonly rows: readonly TallyRowAnswer[];
}

const greatest = (rows: readonly TallyRowAnswer[], field: 'cpu_hours' | 'gpu_hours'): number =>
  rows.reduce((most, row) => Math.max(most, row[field]?.held ?? 0), 0);

/** What each user, account, partition or day held and used: the bars of a column share one scale. */
export function TallyTable({ groupBy, rows }: TallyTableProps) {
  const [cpus, gpus] = [greatest(rows, 'cpu_hours'), greatest(rows, 'gpu_hours')];
  const hasWaits = rows.some(({ wait_seconds }) => wait_seconds !== undefined);
  return (
    <div class="wide">
      <table class="tallies">
        <thead>
          <tr>
            <th scope="col">{HEADS[groupBy]}</th>
            <th scope="col" class="figure">
              Jobs
            </th>
            <th scope="col" class="figure from-600">
              Failed
            </th>
            {gpus > 0 && <HeldHeads name="GPU hours" />}
            {cpus > 0 && <HeldHeads name="CPU hours" />}
            {hasWaits && (
              <th scope="col" class="figure from-600">
                Mean wait
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name ?? ''}>
              <th scope="row">
                <Name groupBy={groupBy} name={row.name} />
              </th>
              <td class="figure">{groupDigits(row.jobs)}</td>
              <td class="figure from-600">{row.failed > 0 ? groupDigits(row.failed) : ''}</td>
              {gpus > 0 && <HeldCells amount={row.gpu_hours} of={gpus} />}
              {cpus > 0 && <HeldCells amount={row.cpu_hours} of={cpus} />}
              {hasWaits && (
                <td class="figure from-600">
                  {row.wait_seconds === undefined ? '' : formatSeconds(row.wait_seconds)}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HeldHeads({ name }: { name: string }) {
  return (
    <>
      <th scope="col" class="figure">
        {name}
      </th>
      <th scope="col" class="from-600">
        <span class="visually-hidden">held and used</span>
      </th>
      <th scope="col" class="figure">
        used
      </th>
    </>
  );
}

function HeldCells({ amount, of }: { amount: Held | undefined; of: number }) {
  return (
    <>
      <td class="figure">{amount ? formatAmount(amount.held) : ''}</td>
      <td class="tally-bar from-600">{amount && <HeldBar amount={amount} of={of} unit="h" />}</td>
      <td class="figure tally-share">{efficiencyOf(amount)}</td>
    </>
  );
}

function Name({ groupBy, name }: { groupBy: TallyGroup; name: string | undefined }) {
  if (name === undefined) return <span class="soft">none</span>;
  return <a href={addressFor(groupBy, name)}>{name}</a>;
}

const DAY_MS = 86_400_000;

function addressFor(groupBy: TallyGroup, name: string): string {
  if (groupBy === 'user') return userAddress(name);
  if (groupBy === 'account') return accountAddress(name);
  if (groupBy === 'partition') return addressOf('usage', { by: 'user', partition: name });
  const next = new Date(Date.parse(name) + DAY_MS).toISOString().slice(0, name.length);
  return addressOf('usage', { by: 'user', since: name, until: next });
}
