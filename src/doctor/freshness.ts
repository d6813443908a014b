import { type Checkup, missing, ok, wrong } from '../domain/checkup.ts';

/** What the service says of the age of what it knows (`freshness` of GET /v1/overview). */
export interface KnownAges {
  readonly squeue?: { readonly last_success?: string; readonly stale: boolean };
  readonly sacct?: { readonly last_success?: string; readonly stale: boolean };
  readonly agents: {
    readonly live: number;
    readonly stale: number;
    readonly silent: number;
    readonly missing: number;
  };
}

/** Judges how old it is what a service knows of Slurm and of nodes. */
export function judgeFreshness({ squeue, sacct, agents }: KnownAges): Checkup[] {
  const programs = Object.entries({ squeue, sacct }).flatMap(([program, age]) =>
    age === undefined ? [] : [judgeProgram(program, age)],
  );
  return [...programs, judgeAgents(agents)];
}

function judgeProgram(
  program: string,
  { stale, last_success: last }: NonNullable<KnownAges['squeue']>,
): Checkup {
  const since = last === undefined ? 'never' : `last at ${last}`;
  if (!stale) return ok(`${program} answers the service, ${since}.`);
  return wrong(
    `${program} does not answer the service (${since}): what it shows of the queue is old.`,
    'journalctl -u hpc-observe says why; hpc-observe slurm check tries it.',
  );
}

function judgeAgents({ live, stale, silent, missing: absent }: KnownAges['agents']): Checkup {
  const all = live + stale + silent + absent;
  if (all === 0) return ok('No node has running jobs, so that no agent needs to report.');
  const what = `Of ${all} nodes with running jobs, the agents of ${live} report`;
  if (live === all) return ok(`${what}.`);
  if (live === 0 && stale + silent === 0)
    return missing(
      `${what}: nothing is measured.`,
      'Install the agent on the nodes: hpc-observe deploy, docs/agent.md.',
    );
  const parts = [
    ...(stale > 0 ? [`${stale} are late`] : []),
    ...(silent > 0 ? [`${silent} are silent for more than five minutes`] : []),
    ...(absent > 0 ? [`${absent} never reported`] : []),
  ];
  return wrong(
    `${what}; ${parts.join(', ')}.`,
    'On such a node: systemctl status hpc-observe-agent. The page Nodes lists them.',
  );
}
