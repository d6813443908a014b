import { writeTerm } from '../../api/filter-text.ts';
import type { FindingCountAnswer } from '../../api/finding-count.ts';
import type { TallyListAnswer } from '../../api/tally-list.ts';
import { groupDigits } from '../../domain/figures.ts';
import { jobsAddress } from './ended-filter.ts';
import { nameFinding } from './finding-name.ts';
import { addressOf, place } from './router.ts';

interface FindingCountsProps {
  readonly counts: Pick<TallyListAnswer, 'findings' | 'running_findings'>;
  /** Conditions of the jobs that were counted, as the filter of the list has them. */
  readonly conditions: readonly string[];
}

/** A finding of running jobs, of those that ended, or of both. */
interface Row extends Pick<FindingCountAnswer, 'kind' | 'severity'> {
  readonly ended: number;
  readonly running: number;
}

/** How many jobs have each finding now, and how many ended with it; each number leads to these jobs. */
export function FindingCounts({ counts, conditions }: FindingCountsProps) {
  const rows = rowsOf(counts);
  if (rows.length === 0) return null;
  const most = Math.max(1, ...rows.map(({ ended }) => ended));
  return (
    <section>
      <h2>Findings</h2>
      <div class="wide">
        <table class="tallies finding-counts">
          <thead>
            <tr>
              <th scope="col">Finding</th>
              <th scope="col">Costs</th>
              <th scope="col" class="figure">
                Running now
              </th>
              <th scope="col" class="figure">
                Ended
              </th>
              <th scope="col" class="from-600">
                <span class="visually-hidden">as a bar</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ kind, severity, ended, running }) => {
              const terms = [...conditions, writeTerm('finding', kind), writeTerm('severity', severity)];
              const now = addressOf('jobs', { filter: [...terms, 'state:running'].join(' ') });
              return (
                <tr key={`${kind} ${severity}`}>
                  <th scope="row">{nameFinding(kind)}</th>
                  <td class={`severity-${severity}`}>{COSTS[severity]}</td>
                  <td class="figure">{running > 0 && <a href={now}>{groupDigits(running)}</a>}</td>
                  <td class="figure">
                    {ended > 0 && <a href={jobsAddress(place.value.query, terms)}>{groupDigits(ended)}</a>}
                  </td>
                  <td class="tally-bar from-600" aria-hidden="true">
                    <span class="amount-bar">
                      <span
                        class={`severity-bar-${severity}`}
                        style={{ width: `${(100 * ended) / most}%` }}
                      />
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Joins both counts, in the order of those that ended. */
function rowsOf({ findings, running_findings: running }: FindingCountsProps['counts']): Row[] {
  const isSame = (one: FindingCountAnswer) => (other: FindingCountAnswer) =>
    one.kind === other.kind && one.severity === other.severity;
  const ended = findings.map((one) => ({
    ...one,
    ended: one.jobs,
    running: running.find(isSame(one))?.jobs ?? 0,
  }));
  const others = running.filter((one) => !findings.some(isSame(one)));
  return [...ended, ...others.map((one) => ({ ...one, ended: 0, running: one.jobs }))];
}

const COSTS: Record<FindingCountAnswer['severity'], string> = {
  harm: 'the job',
  waste: 'others',
  info: 'nobody',
};
