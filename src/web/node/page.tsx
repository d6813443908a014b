import { useEffect } from 'preact/hooks';
import { writeTerm } from '../../api/filter-text.ts';
import type { NodeAnswer } from '../../api/node.ts';
import { formatMb, shorten } from '../../domain/figures.ts';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf } from '../parts/router.ts';
import { Agent, Gpus } from './devices.tsx';
import { JobsBefore, JobsNow } from './jobs.tsx';
import { Usage } from './usage.tsx';

const POLL_MS = 15_000;

/** One node: its state, its use over time, its jobs, its GPUs and its agent. */
export function NodePage({ node }: { node: string }) {
  const { value, error } = useResource(
    node,
    (signal) => getJson<NodeAnswer>(`v1/nodes/${encodeURIComponent(node)}`, {}, signal),
    { everyMs: POLL_MS, on: 'nodes' },
  );
  useEffect(() => {
    document.title = `${node} · hpc-observe`;
  }, [node]);
  if (!value)
    return (
      <>
        <h1>{node}</h1>
        {error ? <Problem error={error} /> : <p class="soft">Reading …</p>}
      </>
    );
  const { cpus, memory_mb, gpus, report } = value;
  return (
    <div class="node-page">
      {error && <Problem error={error} />}
      <Head node={value} />
      <div class="amounts">
        <Amount name="CPUs" amount={cpus} format={shorten} />
        <Amount name="Memory" amount={memory_mb} format={formatMb} />
        <Amount name="GPUs" amount={gpus} format={shorten} />
      </div>
      <Usage
        node={node}
        totals={{ cpus: cpus.total, memory_mb: memory_mb.total, gpus: gpus.total || gpus.allocated }}
      />
      <JobsNow node={value} />
      {report && <Gpus report={report} />}
      <JobsBefore jobs={value.past_jobs} />
      <p>
        <a href={addressOf('jobs', { filter: writeTerm('node', node) })}>All jobs of this node</a>
      </p>
      <Agent report={report} />
    </div>
  );
}

const SIGNS = { up: '', drained: '╱ ', down: '✕ ' };

function Head({ node: { node, scheduler, report } }: { node: NodeAnswer }) {
  const isWell = !scheduler || scheduler.condition === 'up';
  return (
    <>
      <div class="node-title">
        <h1>{node}</h1>
        {scheduler && (
          <span class={isWell ? 'soft' : 'is-unwell'}>
            <span aria-hidden="true">{SIGNS[scheduler.condition]}</span>
            {scheduler.state}
          </span>
        )}
        {report?.silent && <span class="is-unwell">agent silent</span>}
        {scheduler && (
          <span class="soft">
            {scheduler.partitions.join(', ')}
            {scheduler.features.length > 0 && ` · ${scheduler.features.join(', ')}`}
          </span>
        )}
      </div>
      {!isWell && scheduler?.reason && (
        <p class="node-reason">
          {scheduler.condition === 'down' ? 'Down' : 'Drained'}: {scheduler.reason}
        </p>
      )}
    </>
  );
}

interface AmountProps {
  readonly name: string;
  readonly amount: NodeAnswer['cpus'];
  readonly format: (value: number) => string;
}

/** How much is used (strong), given (pale) and there at all (the rest). */
function Amount({ name, amount: { used, allocated, total }, format }: AmountProps) {
  if (!used && !allocated && !total) return null;
  const whole = Math.max(total ?? 0, allocated ?? 0, used ?? 0);
  const facts = [
    ['used', used],
    ['given', allocated],
    ['in all', total],
  ] as const;
  const width = (value: number | undefined) => ({ width: `${(100 * (value ?? 0)) / whole}%` });
  return (
    <div class="amount">
      <span class="amount-name">{name}</span>
      <span class="amount-bar" aria-hidden="true">
        <span class="amount-allocated" style={width(allocated)} />
        <span class="amount-used" style={width(used)} />
      </span>
      <dl>
        {facts.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value === undefined ? 'not known' : format(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
