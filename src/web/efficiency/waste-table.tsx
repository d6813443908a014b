import type { ComponentChildren } from 'preact';
import { writeTerm } from '../../api/filter-text.ts';
import type { WasteAnswer, WasteRowAnswer } from '../../api/waste.ts';
import { formatAmount, formatPercent, groupDigits } from '../../domain/figures.ts';
import { jobsAddress } from '../parts/ended-filter.ts';
import { changed } from '../parts/range.tsx';
import { nodeAddress, place, userAddress } from '../parts/router.ts';
import { type Amount, efficiencyOf } from './amounts.ts';
import { WasteBar } from './waste-bar.tsx';

type WasteGroup = WasteAnswer['group_by'];

const HEADS: Record<WasteGroup, string> = {
  user: 'User',
  account: 'Account',
  partition: 'Partition',
  node: 'Node',
};
const JOULES_PER_KWH = 3.6e6;

interface WasteTableProps {
  readonly list: WasteAnswer;
  readonly amount: Amount;
}

/** Who wasted how much, and the jobs behind each bar; the bars share one scale. */
export function WasteTable({ list: { group_by, rows }, amount }: WasteTableProps) {
  const most = rows.reduce((value, row) => Math.max(value, row[amount.field]?.held ?? 0), 0);
  const hasEnergy = rows.some(({ energy_joules }) => energy_joules !== undefined);
  return (
    <div class="wide">
      <table class="tallies">
        <thead>
          <tr>
            <th scope="col">{HEADS[group_by]}</th>
            <th scope="col" class="figure">
              {amount.unit} wasted
            </th>
            <th scope="col" class="figure">
              of all
            </th>
            <th scope="col" class="from-600">
              wasted, used and not measured
            </th>
            <th scope="col" class="figure">
              used
            </th>
            <th scope="col" class="figure from-900">
              {amount.unit} held
            </th>
            <th scope="col" class="figure from-900">
              not measured
            </th>
            {hasEnergy && (
              <th scope="col" class="figure from-900">
                kWh
              </th>
            )}
            <th scope="col" class="figure from-600">
              Jobs
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <WasteRow
              key={row.name ?? ''}
              group={group_by}
              row={row}
              amount={amount}
              of={most}
              hasEnergy={hasEnergy}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface WasteRowProps {
  readonly group: WasteGroup;
  readonly row: WasteRowAnswer;
  readonly amount: Amount;
  readonly of: number;
  readonly hasEnergy: boolean;
}

function WasteRow({ group, row, amount: { field, unit }, of, hasEnergy }: WasteRowProps) {
  const { name, jobs, energy_joules } = row;
  const amount = row[field];
  const linkTo = (more: string, children: ComponentChildren) => {
    if (name === undefined) return children;
    const conditions = [writeTerm(group, name), ...conditionsIn(group), more];
    return (
      <a
        class="bar-link"
        href={jobsAddress(place.value.query, conditions)}
        // The bar leads where the figure beside it does.
        tabIndex={typeof children === 'string' ? undefined : -1}
      >
        {children}
      </a>
    );
  };
  return (
    <tr>
      <th scope="row">
        {name === undefined ? <span class="soft">none</span> : <a href={partsOf(group, name)}>{name}</a>}
      </th>
      <td class="figure">
        {amount?.wasted !== undefined && linkTo('severity:waste', formatAmount(amount.wasted))}
      </td>
      <td class="figure">{amount?.share === undefined ? '' : formatPercent(100 * amount.share)}</td>
      <td class="tally-bar from-600">
        {amount && linkTo('severity:waste', <WasteBar amount={amount} of={of} unit={unit} />)}
      </td>
      <td class="figure tally-share">{amount && efficiencyOf(amount)}</td>
      <td class="figure from-900">{amount && formatAmount(amount.held)}</td>
      <td class="figure from-900">
        {amount && amount.unmeasured > 0 ? formatAmount(amount.unmeasured) : ''}
      </td>
      {hasEnergy && (
        <td class="figure from-900">
          {energy_joules === undefined ? '' : formatAmount(energy_joules / JOULES_PER_KWH)}
        </td>
      )}
      <td class="figure from-600">{linkTo('', groupDigits(jobs))}</td>
    </tr>
  );
}

/** The conditions of the page beside those of its rows. */
const conditionsIn = (group: WasteGroup): string[] =>
  (['user', 'account', 'partition'] as const)
    .filter((name) => name !== group && place.value.query.has(name))
    .map((name) => writeTerm(name, place.value.query.get(name)!));

/** Where the parts of a row are: the users of an account or a partition, a user, a node. */
function partsOf(group: WasteGroup, name: string): string {
  if (group === 'user') return userAddress(name);
  if (group === 'node') return nodeAddress(name);
  return changed({ by: 'user', [group]: name, all: undefined });
}
