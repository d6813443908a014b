import type { OverviewAnswer } from '../../api/overview.ts';
import { formatMb, groupDigits, shorten } from '../../domain/figures.ts';

type Amount = OverviewAnswer['cpus'];

interface AmountBarProps {
  readonly name: string;
  readonly amount: Amount;
  readonly format?: (value: number) => string;
}

const plain = (value: number): string => groupDigits(Math.round(value));

/** Shows how much is used (strong), given (pale) and there at all (the rest). */
function AmountBar({ name, amount: { total, allocated, used }, format = plain }: AmountBarProps) {
  const whole = Math.max(total ?? 0, allocated, used ?? 0);
  const width = (value: number) => ({ width: `${whole === 0 ? 0 : (100 * value) / whole}%` });
  return (
    <div class="amount">
      <span class="amount-name">{name}</span>
      <span class="amount-bar" aria-hidden="true">
        <span class="amount-allocated" style={width(allocated)} />
        {used !== undefined && <span class="amount-used" style={width(used)} />}
      </span>
      <dl>
        <div>
          <dt>used</dt>
          <dd>{used === undefined ? 'not measured' : format(used)}</dd>
        </div>
        <div>
          <dt>given</dt>
          <dd>{format(allocated)}</dd>
        </div>
        {total !== undefined && (
          <div>
            <dt>in all</dt>
            <dd>{format(total)}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}

/** One row of figures: is the cluster full, and does it work? */
export function Amounts({ overview }: { overview: OverviewAnswer }) {
  const { cpus, memory_mb, gpus, nodes, freshness, gpu_power_watts } = overview;
  const { live, stale, silent } = freshness.agents;
  const agents = live + stale + silent;
  return (
    <section class="amounts" aria-label="Used, given to jobs, and in all">
      <AmountBar name="CPUs" amount={cpus} />
      <AmountBar name="Memory" amount={memory_mb} format={formatMb} />
      {(gpus.allocated > 0 || gpus.total) && <AmountBar name="GPUs" amount={gpus} />}
      <div class="amount">
        <span class="amount-name">Jobs</span>
        <dl>
          <div>
            <dt>running</dt>
            <dd>
              <a href="jobs?filter=state:running">{groupDigits(overview.running)}</a>
            </dd>
          </div>
          <div>
            <dt>pending</dt>
            <dd>
              <a href="jobs?filter=state:pending">{groupDigits(overview.pending)}</a>
            </dd>
          </div>
          <div>
            <dt>on nodes</dt>
            <dd>{groupDigits(nodes.with_jobs)}</dd>
          </div>
        </dl>
      </div>
      <div class={silent > 0 ? 'amount amount-waste' : 'amount'}>
        <span class="amount-name">Agents</span>
        <dl>
          <div>
            <dt>live</dt>
            <dd>{agents === 0 ? 'none' : groupDigits(live + stale)}</dd>
          </div>
          {agents > 0 && (
            <div>
              <dt>silent</dt>
              <dd>{groupDigits(silent)}</dd>
            </div>
          )}
          {gpu_power_watts !== undefined && (
            <div>
              <dt>GPU power</dt>
              <dd>{formatWatts(gpu_power_watts)}</dd>
            </div>
          )}
        </dl>
      </div>
    </section>
  );
}

const formatWatts = (watts: number): string =>
  watts >= 1000 ? `${shorten(watts / 1000)} kW` : `${Math.round(watts)} W`;
