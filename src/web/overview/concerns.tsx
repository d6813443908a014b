import { writeTerm } from '../../api/filter-text.ts';
import type { ConcernAnswer, OverviewAnswer } from '../../api/overview.ts';
import { formatCount } from '../../domain/figures.ts';
import { addressOf, jobAddress, nodeAddress, userAddress } from '../parts/router.ts';

interface ConcernsProps {
  readonly title: string;
  readonly concerns: readonly ConcernAnswer[];
  readonly none: string;
}

/** Running jobs that somebody should look at, the worst first. */
export function Concerns({ title, concerns, none }: ConcernsProps) {
  return (
    <section>
      <h2>{title}</h2>
      {concerns.length === 0 && <p class="soft">{none}</p>}
      <table>
        <tbody>
          {concerns.map(({ job_id, user, name, kind, message }) => (
            <tr key={`${job_id} ${kind}`}>
              <td>
                <a href={jobAddress(job_id)}>{job_id}</a>
              </td>
              <td>
                <a class="concern-user" href={userAddress(user)}>
                  {user}
                </a>
              </td>
              <td class="concern-message" title={name}>
                {message}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A node on which so many jobs ended at once is likely the reason. */
const BLACK_HOLE_JOBS = 5;

/** Jobs that failed within the hour, a line a node. */
export function Failed({ failed }: Pick<OverviewAnswer, 'failed'>) {
  return (
    <section>
      <h2>
        <a href={addressOf('jobs', { filter: 'state:failed since:1h' })}>Ended badly within the hour</a>
      </h2>
      {failed.length === 0 && <p class="soft">No job failed.</p>}
      <table>
        <tbody>
          {failed.map(({ node, jobs, short, states }) => (
            <tr key={node ?? ''} class={short >= BLACK_HOLE_JOBS ? 'is-harm' : undefined}>
              <td>{node === undefined ? 'no node' : <a href={nodeAddress(node)}>{node}</a>}</td>
              <td>
                <a href={failedOn(node)}>{formatCount(jobs, 'job')}</a>
              </td>
              <td class="concern-message">
                {states.map(({ state, jobs: count }) => `${count} ${inWords(state)}`).join(', ')}
                {short >= BLACK_HOLE_JOBS && `; ${short} within a minute of their start`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const inWords = (state: string): string => state.toLowerCase().replaceAll('_', ' ');

const failedOn = (node: string | undefined): string =>
  addressOf('jobs', {
    filter: `${node === undefined ? '' : `${writeTerm('node', node)} `}state:failed since:1h`,
  });
