import type { NodeAmountAnswer, NodeSummaryAnswer } from '../../api/node-list.ts';
import { formatCount, formatMb, shorten } from '../../domain/figures.ts';
import { Moment } from '../parts/moment.tsx';
import { stateOf, troublesOf } from './node-state.ts';

interface CardProps {
  readonly node: NodeSummaryAnswer;
  readonly style: Readonly<Record<string, string>>;
}

/** What is known of the node under the pointer or the keys. */
export function NodeCard({ node, style }: CardProps) {
  const { scheduler, agent, jobs, job_ids, gpu_models } = node;
  const state = scheduler?.state ?? stateOf(node);
  const gpus = gpu_models.map(({ model = 'GPU', total }) => `${total} × ${model}`).join(', ');
  const others = jobs - job_ids.length;
  return (
    <div class="node-card" role="status" style={style}>
      <p>
        <strong>{node.node}</strong> {state}
        {scheduler && <span class="soft"> {scheduler.partitions.join(', ')}</span>}
      </p>
      {troublesOf(node).map((trouble) => (
        <p key={trouble} class="amiss">
          {trouble}
        </p>
      ))}
      <dl>
        <AmountRow name="CPUs" amount={node.cpus} format={shorten} />
        <AmountRow name="Memory" amount={node.memory_mb} format={formatMb} />
        <AmountRow name="GPUs" amount={node.gpus} format={shorten} />
      </dl>
      {gpus !== '' && <p class="soft">{gpus}</p>}
      <p>
        {jobs === 0 ? 'No job' : formatCount(jobs, 'job')}
        {job_ids.length > 0 && `: ${job_ids.join(', ')}`}
        {job_ids.length > 0 && others > 0 && ` and ${others} more`}
      </p>
      {agent && (
        <p class="soft">
          Reported <Moment time={agent.received} isRelative />
        </p>
      )}
    </div>
  );
}

interface RowProps {
  readonly name: string;
  readonly amount: NodeAmountAnswer;
  readonly format: (value: number) => string;
}

/** Such as `12 used, 32 given, 64 in all`. */
function AmountRow({ name, amount: { used, allocated, total }, format }: RowProps) {
  const parts = [
    [used, 'used'],
    [allocated, 'given'],
    [total, 'in all'],
  ] as const;
  const known = parts.filter(([value]) => value !== undefined);
  // Of a node without any there is nothing to say.
  if (!total && !allocated && !used) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{known.map(([value, word]) => `${format(value!)} ${word}`).join(', ')}</dd>
    </div>
  );
}
