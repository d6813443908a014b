import type { QualityAnswer } from '../../api/quality.ts';
import { formatPercent, formatSeconds, groupDigits } from '../../domain/figures.ts';
import { Fold } from '../parts/fold.tsx';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';

const FIRST_ROWS = 20;

type Gap = QualityAnswer['gaps'][number];

const WHY: Record<Gap['why'], string> = {
  not_yet: 'Nobody measured the job yet.',
  never: 'Nobody measured the job there: no agent runs, or it does not find the job.',
  node_silent: 'Only these nodes were silent: the agent stood still, or could not send.',
  all_silent: 'All nodes were silent: the agents, the network or the service.',
  no_more: 'Nobody measured the job any more.',
};

/** Says how complete the samples of a run are, where they are missing, and why. */
export function Quality({ id, run }: { id: string; run: number | undefined }) {
  return <Fold title="How complete the samples are">{() => <Judged id={id} run={run} />}</Fold>;
}

function Judged({ id, run }: { id: string; run: number | undefined }) {
  const { value, error } = useResource(`quality ${id} ${run}`, (signal) =>
    getJson<QualityAnswer>(jobPath(id, '/quality'), { run }, signal),
  );
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  const { expected, received, interval_seconds: interval, gaps } = value;
  if (expected === 0) return <p>Nothing was measured, so that nothing can be expected.</p>;
  const nodes = value.nodes
    .filter((node) => node.received < node.expected)
    .sort((one, other) => shareOf(one) - shareOf(other));
  return (
    <>
      <p>
        {groupDigits(received)} of {groupDigits(expected)} expected samples were received (
        {formatPercent(100 * shareOf(value))})
        {interval !== undefined && `, one in ${formatSeconds(interval)} from each node`}.
      </p>
      {gaps.length > 0 && <Gaps gaps={gaps} />}
      {nodes.length > 0 && <Nodes nodes={nodes} />}
    </>
  );
}

/** Lists the nodes that lack samples, the worst first. */
function Nodes({ nodes }: { nodes: QualityAnswer['nodes'] }) {
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            {['Expected', 'Received', 'Share', 'One in'].map((name) => (
              <th key={name} scope="col" class="figure">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.slice(0, FIRST_ROWS).map((node) => (
            <tr key={node.node}>
              <th scope="row">{node.node}</th>
              <td class="figure">{groupDigits(node.expected)}</td>
              <td class="figure">{groupDigits(node.received)}</td>
              <td class="figure">{formatPercent(100 * shareOf(node))}</td>
              <td class="figure">
                {node.interval_seconds !== undefined && formatSeconds(node.interval_seconds)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {nodes.length > FIRST_ROWS && (
        <p class="soft">
          The {FIRST_ROWS} least complete of {nodes.length} nodes that lack samples.
        </p>
      )}
    </>
  );
}

function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Missing from</th>
          <th scope="col">to</th>
          <th scope="col" class="figure">
            Samples
          </th>
          <th scope="col">Nodes</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {gaps.map((gap) => (
          <tr key={`${gap.start_time} ${gap.nodes[0]}`}>
            <td>
              <Moment time={gap.start_time} />
            </td>
            <td>
              <Moment time={gap.end_time} />
            </td>
            <td class="figure">{groupDigits(gap.missing)}</td>
            <td>
              {gap.nodes.slice(0, 4).join(' ')}
              {gap.node_count > 4 && ` and ${gap.node_count - 4} more`}
            </td>
            <td>{WHY[gap.why]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const shareOf = ({ expected, received }: { expected: number; received: number }): number =>
  expected === 0 ? 1 : received / expected;
