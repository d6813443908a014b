import { writeTerm } from '../../api/filter-text.ts';
import type { FindingCountAnswer } from '../../api/finding-count.ts';
import { groupDigits } from '../../domain/figures.ts';
import { jobsAddress } from './ended-filter.ts';
import { place } from './router.ts';

interface FindingCountsProps {
  readonly counts: readonly FindingCountAnswer[];
  /** Conditions of the jobs that were counted, as the filter of the list has them. */
  readonly conditions: readonly string[];
}

/** How many jobs ended with each finding; each leads to these jobs. */
export function FindingCounts({ counts, conditions }: FindingCountsProps) {
  if (counts.length === 0) return null;
  const most = counts.reduce((value, { jobs }) => Math.max(value, jobs), 0);
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
                Jobs
              </th>
              <th scope="col" class="from-600">
                <span class="visually-hidden">as a bar</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {counts.map(({ kind, severity, jobs }) => (
              <tr key={`${kind} ${severity}`}>
                <th scope="row">
                  <a
                    href={jobsAddress(place.value.query, [
                      ...conditions,
                      writeTerm('finding', kind),
                      writeTerm('severity', severity),
                    ])}
                  >
                    {kind.replaceAll('-', ' ')}
                  </a>
                </th>
                <td class={`severity-${severity}`}>{COSTS[severity]}</td>
                <td class="figure">{groupDigits(jobs)}</td>
                <td class="tally-bar from-600" aria-hidden="true">
                  <span class="amount-bar">
                    <span class={`severity-bar-${severity}`} style={{ width: `${(100 * jobs) / most}%` }} />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const COSTS: Record<FindingCountAnswer['severity'], string> = {
  harm: 'the job',
  waste: 'others',
  info: 'nobody',
};
