import type { SummaryAnswer } from '../../api/summary.ts';
import { formatBytes, formatPercent, formatSeconds, shorten } from '../../domain/figures.ts';

const METHODS = { gpu_power: 'GPUs', cpu_share: 'CPUs', node_share: 'nodes' } as const;
const JOULES_PER_KWH = 3_600_000;

/** Lists what agents have measured of a run beside its plots; nothing where no agent did. */
export function Measured({ summary }: { summary: SummaryAnswer }) {
  const facts = factsOf(summary).filter(([, value]) => value !== undefined);
  if (facts.length === 0) return null;
  return (
    <dl class="measured" aria-label="Measured of the whole run">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf(summary: SummaryAnswer): [name: string, value: string | undefined][] {
  const bytes = (value: number | undefined) =>
    value === undefined ? undefined : formatBytes(Math.round(value));
  const throttled = summary.cpu_throttled_seconds;
  const kills = summary.memory_oom_kills;
  return [
    ['CPU time', summary.cpu_seconds === undefined ? undefined : formatSeconds(summary.cpu_seconds)],
    ['Held back at the CPU limit', throttled ? formatSeconds(throttled) : undefined],
    ['Peak of memory, cached files included', bytes(summary.memory_peak_bytes)],
    ['Processes killed for memory', kills ? String(kills) : undefined],
    ['Read from disks', bytes(summary.io_read_bytes)],
    ['Written to disks', bytes(summary.io_written_bytes)],
    ...(summary.energy ?? []).map((energy): [string, string] => [
      `Energy of ${METHODS[energy.method]}`,
      energyText(energy),
    ]),
  ];
}

function energyText({ joules, coverage }: NonNullable<SummaryAnswer['energy']>[number]): string {
  const text = `${shorten(joules / JOULES_PER_KWH)} kWh`;
  return coverage === undefined || coverage >= 0.995
    ? text
    : `${text}, known for ${formatPercent(100 * coverage)} of the time`;
}
