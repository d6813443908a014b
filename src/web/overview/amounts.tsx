import type { ComponentChildren } from 'preact';
import type { OverviewAnswer } from '../../api/overview.ts';
import { formatCount, formatMb, formatPercent, groupDigits, shorten } from '../../domain/figures.ts';
import { addressOf } from '../parts/router.ts';

/** What of the figures is not of now. */
export interface Old {
  /** Running and pending jobs, and what was given to them. */
  readonly isSlurmOld: boolean;
  /** What jobs use. */
  readonly isUsageOld: boolean;
}

interface FigureProps {
  readonly label: string;
  readonly tone?: 'used' | 'allocated' | undefined;
  readonly isOld?: boolean;
  readonly children: ComponentChildren;
}

function Figure({ label, tone, isOld = false, children }: FigureProps) {
  return (
    <div class={isOld ? 'is-old' : undefined}>
      <dt class={tone && `tone tone-${tone}`}>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface BarProps {
  readonly total: number;
  readonly allocated: number;
  readonly used: number | undefined;
  readonly old: Old;
}

/** Used (strong), given (pale), and the rest of what is there. */
function Bar({ total, allocated, used, old }: BarProps) {
  const whole = Math.max(total, allocated, used ?? 0);
  const width = (value: number) => ({ width: `${whole === 0 ? 0 : (100 * value) / whole}%` });
  return (
    <span class="amount-bar" aria-hidden="true">
      <span class={`amount-allocated ${old.isSlurmOld ? 'is-old' : ''}`} style={width(allocated)} />
      {used !== undefined && (
        <span class={`amount-used ${old.isUsageOld ? 'is-old' : ''}`} style={width(used)} />
      )}
    </span>
  );
}

interface AmountProps {
  readonly name: string;
  readonly amount: OverviewAnswer['cpus'];
  readonly format?: (value: number) => string;
  readonly old: Old;
}

const plain = (value: number): string => groupDigits(Math.round(value));

function Amount({ name, amount: { total, allocated, used }, format = plain, old }: AmountProps) {
  return (
    <section class="amount">
      <h2>
        {name}
        {used !== undefined && allocated > 0 && (
          <span class="amount-share soft">{formatPercent((100 * used) / allocated)} of given used</span>
        )}
      </h2>
      <Bar total={total ?? 0} allocated={allocated} used={used} old={old} />
      <dl>
        <Figure label="used" tone="used" isOld={old.isUsageOld}>
          {used === undefined ? '–' : format(used)}
        </Figure>
        <Figure label="given" tone="allocated" isOld={old.isSlurmOld}>
          {format(allocated)}
        </Figure>
        <Figure label="in all">{total === undefined ? '–' : format(total)}</Figure>
      </dl>
    </section>
  );
}

const jobsIn = (state: string) => addressOf('jobs', { filter: `state:${state}` });

/** One row of figures: is the cluster full, and does it work? */
export function Amounts({ overview, old }: { overview: OverviewAnswer; old: Old }) {
  const { running, pending, cpus, memory_mb, gpus, nodes, gpu_power_watts } = overview;
  const { up = nodes.total, drained = 0, down = 0 } = nodes;
  return (
    <>
      <section class="amount amount-jobs">
        <h2>Jobs</h2>
        <dl>
          <Figure label="running" isOld={old.isSlurmOld}>
            <a href={jobsIn('running')}>{groupDigits(running)}</a>
          </Figure>
          <Figure label="pending" isOld={old.isSlurmOld}>
            <a href={jobsIn('pending')}>{groupDigits(pending)}</a>
          </Figure>
          {gpu_power_watts !== undefined && (
            <Figure label="GPU power" isOld={old.isUsageOld}>
              {formatWatts(gpu_power_watts)}
            </Figure>
          )}
        </dl>
      </section>
      <Amount name="CPUs" amount={cpus} old={old} />
      <Amount name="Memory" amount={memory_mb} format={formatMb} old={old} />
      {(gpus.allocated > 0 || !!gpus.total) && <Amount name="GPUs" amount={gpus} old={old} />}
      <section class="amount">
        <h2>
          <a href={addressOf('nodes')}>Nodes</a>
          <span class="amount-share soft">
            {drained + down > 0 &&
              [
                ...(drained > 0 ? [`${drained} drained`] : []),
                ...(down > 0 ? [formatCount(down, 'node').replace(/ .*/, ' down')] : []),
              ].join(', ')}
          </span>
        </h2>
        <Bar
          total={nodes.total}
          allocated={up}
          used={nodes.with_jobs}
          old={{ isSlurmOld: false, isUsageOld: old.isSlurmOld }}
        />
        <dl>
          <Figure label="with jobs" tone="used" isOld={old.isSlurmOld}>
            {groupDigits(nodes.with_jobs)}
          </Figure>
          {nodes.up !== undefined && (
            <Figure label="up" tone="allocated">
              {groupDigits(up)}
            </Figure>
          )}
          <Figure label="in all">{groupDigits(nodes.total)}</Figure>
        </dl>
      </section>
    </>
  );
}

const formatWatts = (watts: number): string =>
  watts >= 1000 ? `${shorten(watts / 1000)} kW` : `${Math.round(watts)} W`;
