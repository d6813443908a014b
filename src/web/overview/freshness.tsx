import type { OverviewAnswer } from '../../api/overview.ts';
import { formatAgo, formatCount } from '../../domain/figures.ts';
import { Moment, now } from '../parts/moment.tsx';
import type { Old } from './amounts.tsx';

type Freshness = OverviewAnswer['freshness'];

const notHeard = ({ stale, silent, missing }: Freshness['agents']): number => stale + silent + missing;

/** Decides what to show in grey: usage, once less than half of the nodes with jobs are heard of. */
export const oldOf = ({ squeue, agents }: Freshness): Old => ({
  isSlurmOld: squeue?.stale ?? false,
  isUsageOld: notHeard(agents) > agents.live,
});

/** How old is what the figures are made from. */
export function FreshnessFigure({ overview: { timestamp, freshness } }: { overview: OverviewAnswer }) {
  const { squeue, sacct, agents } = freshness;
  const silent = agents.silent + agents.missing;
  return (
    <section class="amount freshness">
      <h2>Freshness</h2>
      <dl>
        <Source name="figures" source={{ last_success: timestamp, stale: false }} />
        {squeue && <Source name="squeue" source={squeue} />}
        {sacct && <Source name="sacct" source={sacct} />}
        <div class={silent > 0 ? 'is-waste' : undefined}>
          <dt>agents</dt>
          <dd>
            {agents.live} live
            {agents.stale > 0 && `, ${agents.stale} stale`}
            {agents.silent > 0 && `, ${agents.silent} silent`}
            {agents.missing > 0 && `, ${agents.missing} none`}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Source({ name, source }: { name: string; source: NonNullable<Freshness['squeue']> }) {
  return (
    <div class={source.stale ? 'is-waste' : undefined}>
      <dt>{name}</dt>
      <dd>{source.last_success ? <Moment time={source.last_success} isRelative /> : 'never answered'}</dd>
    </div>
  );
}

/** Says why something is grey, and what to do. */
export function OldNote({ freshness: { squeue, sacct, agents } }: { freshness: Freshness }) {
  const sentences = [
    ...(squeue?.stale
      ? [
          `squeue ${since(squeue)}: jobs, and what is given to them, may have changed since. The log of the service says why, and hpc-observe slurm check tries it.`,
        ]
      : []),
    ...(sacct?.stale ? [`sacct ${since(sacct)}: how jobs ended may be a guess.`] : []),
    ...(notHeard(agents) > agents.live
      ? [
          `Of ${formatCount(agents.live + notHeard(agents), 'node')} with jobs, ${agents.live} are heard of: what is used is not of now.`,
        ]
      : []),
  ];
  if (sentences.length === 0) return null;
  return (
    <div class="old-note" role="status">
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  );
}

const since = ({ last_success }: NonNullable<Freshness['squeue']>): string =>
  last_success === undefined
    ? 'has not answered since the service started'
    : `answered last ${formatAgo(Date.parse(last_success), now.value)}`;
