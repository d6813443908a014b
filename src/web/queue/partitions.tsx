import { writeTerm } from '../../api/filter-text.ts';
import type { QueueAnswer } from '../../api/queue.ts';
import { groupDigits } from '../../domain/figures.ts';
import { addressOf } from '../parts/router.ts';
import { CAUSE_WORDS, type Cause } from './causes.tsx';
import { WaitingFigures, WaitingHeads } from './waiting.tsx';

/** The jobs that wait in each partition, and for what. */
export function Partitions({ partitions }: Pick<QueueAnswer, 'partitions'>) {
  const most = Math.max(...partitions.map(({ jobs }) => jobs));
  return (
    <section>
      <h2>By partition</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Partition</th>
              <WaitingHeads />
            </tr>
          </thead>
          <tbody>
            {partitions.map(({ partition, causes, ...waiting }) => (
              <tr key={partition ?? ''}>
                <th scope="row">{partition ?? 'none'}</th>
                <WaitingFigures waiting={waiting} address={listOf(partition)}>
                  <Causes causes={causes} most={most} />
                </WaitingFigures>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The list of the waiting jobs of a partition. */
const listOf = (partition: string | undefined): string =>
  addressOf('jobs', {
    filter: partition === undefined ? 'state:pending' : `state:pending ${writeTerm('partition', partition)}`,
  });

interface CausesProps {
  readonly causes: readonly { readonly cause: Cause; readonly jobs: number }[];
  readonly most: number;
}

function Causes({ causes, most }: CausesProps) {
  const text = causes.map(({ cause, jobs }) => `${groupDigits(jobs)} ${CAUSE_WORDS[cause]}`).join(', ');
  return (
    <span class="queue-bar" role="img" aria-label={text} title={text}>
      {causes.map(({ cause, jobs }) => (
        <span key={cause} class={`fill-${cause}`} style={{ width: `${(100 * jobs) / most}%` }} />
      ))}
    </span>
  );
}
