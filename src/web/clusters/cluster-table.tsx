import type { ClusterListAnswer, ClusterState } from '../../api/clusters.ts';
import { writeTerm } from '../../api/filter-text.ts';
import { formatPercent, groupDigits } from '../../domain/figures.ts';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf } from '../parts/router.ts';

/** A service that does not answer takes 3 s of each. */
const POLL_MS = 15_000;

/** A row a cluster: its jobs now, and how much of it is given. */
export function ClusterTable() {
  const { value, error } = useResource(
    'clusters',
    (signal) => getJson<ClusterListAnswer>('v1/clusters', {}, signal),
    { everyMs: POLL_MS },
  );
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  return (
    <div class="wide clusters">
      {error && <Problem error={error} />}
      <table>
        <thead>
          <tr>
            <th scope="col">Cluster</th>
            <th class="figure" scope="col">
              Running
            </th>
            <th class="figure" scope="col">
              Pending
            </th>
            <th class="figure from-600" scope="col">
              CPUs given
            </th>
            <th class="figure from-600" scope="col">
              GPUs given
            </th>
            <th class="figure from-900" scope="col">
              Nodes
            </th>
          </tr>
        </thead>
        <tbody>
          {value.clusters.map((cluster) => (
            <tr key={cluster.name}>
              <th scope="row">
                <a href={cluster.url ?? '.'}>{cluster.name}</a>{' '}
                <a class="soft" href={addressOf('clusters', { filter: writeTerm('cluster', cluster.name) })}>
                  its jobs
                </a>
              </th>
              {cluster.error === undefined ? (
                <Figures cluster={cluster} />
              ) : (
                <td class="soft clusters-away" colSpan={5}>
                  {cluster.error}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Figures({ cluster: { running, pending, cpus, gpus, nodes } }: { cluster: ClusterState }) {
  return (
    <>
      <td class="figure">{groupDigits(running ?? 0)}</td>
      <td class="figure">{groupDigits(pending ?? 0)}</td>
      <td class="figure from-600">{writeGiven(cpus)}</td>
      <td class="figure from-600">{writeGiven(gpus)}</td>
      <td class="figure from-900">{groupDigits(nodes ?? 0)}</td>
    </>
  );
}

function writeGiven(amount: ClusterState['cpus']): string {
  if (!amount || amount.total === 0) return '';
  const { allocated, total } = amount;
  if (total === undefined) return groupDigits(allocated);
  return `${groupDigits(allocated)} of ${groupDigits(total)}, ${formatPercent((100 * allocated) / total)}`;
}
