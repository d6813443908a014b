import type { PendingReason } from './wait-cause.ts';

/**
 * How Slurm names limits: whose, of what kind, on what, for how many. QOSMax…PerAccount has no QOS at its
 * start (src/common/job_state_reason.c).
 */
const LIMIT =
  /^(QOS|Assoc)?(Grp|Max|Min)(Cpu|Mem|Memory|Node|GRES|License|BB|Energy|Billing|Unknown|SubmitJobs?|Jobs?|WallDuration|Wall)(RunMin|Min)?(?:ute)?s?(PerJob|PerNode|PerUser|PerAccount)?(?:Limit|NotSatisfied)?$/i;

/** What is limited at one time, and its product with time. */
const THINGS: Readonly<Record<string, readonly [thing: string, overTime: string]>> = {
  cpu: ['CPUs', 'CPU minutes'],
  mem: ['memory', 'memory minutes'],
  memory: ['memory', 'memory minutes'],
  node: ['nodes', 'node minutes'],
  gres: ['GPUs or other devices', 'device minutes'],
  license: ['licences', 'licence minutes'],
  bb: ['burst buffer', 'burst buffer minutes'],
  energy: ['energy', 'energy'],
  billing: ['billing units', 'billing minutes'],
  unknown: ['other units', 'other minutes'],
  wallduration: ['time', 'time'],
  wall: ['time', 'time'],
};

const LESS = 'Ask for less, or use another QOS or account.';
const OTHERS_END = 'It starts when some of them end.';
const SHORTER = 'It starts when some of them end; a shorter time limit helps.';
const MORE = 'Ask the administrators for more, or wait until past usage counts less.';

/** Explains the reason of a limit, such as `QOSMaxCpuPerUserLimit`; undefined if it is not one. */
export function explainLimit(code: string): PendingReason | undefined {
  const [, owner = 'QOS', kind = '', what, minutes, scope] = LIMIT.exec(code) ?? [];
  if (what === undefined) return undefined;
  const place = owner.toUpperCase() === 'QOS' ? 'its QOS' : 'its account';
  const key = what.toLowerCase();
  const jobs = jobsOf(kind, scope, place);
  if (key.startsWith('submit')) return limit(`As many ${jobs} wait or run as are allowed.`, OTHERS_END);
  if (key.startsWith('job')) return limit(`As many ${jobs} run as are allowed.`, OTHERS_END);
  return limitOf({ things: THINGS[key]!, kind, minutes, scope, place, jobs, isTime: key === 'wall' });
}

interface Limit {
  readonly things: readonly [thing: string, overTime: string];
  readonly kind: string;
  readonly minutes: string | undefined;
  readonly scope: string | undefined;
  readonly place: string;
  readonly jobs: string;
  readonly isTime: boolean;
}

function limitOf({
  things: [thing, overTime],
  kind,
  minutes,
  scope,
  place,
  jobs,
  isTime,
}: Limit): PendingReason {
  if (kind === 'Min') {
    const less = thing.endsWith('s') ? 'fewer' : 'less';
    return request(`It asks for ${less} ${thing} than ${place} demands.`, 'Ask for more.');
  }
  if (minutes?.startsWith('Run'))
    return limit(`The ${jobs} that run may still use up all allowed ${overTime}.`, SHORTER);
  if (kind === 'Grp' && (minutes !== undefined || isTime))
    return limit(`All ${jobs} together have used up their ${overTime}.`, MORE);
  if (kind === 'Grp' || scope === 'PerUser' || scope === 'PerAccount')
    return limit(`The ${jobs} hold all the ${thing} that they may.`, OTHERS_END);
  const whom = scope === 'PerNode' ? 'on one node' : 'one job';
  return request(`It asks for more ${minutes ? overTime : thing} than ${place} allows ${whom}.`, LESS);
}

/** Names the jobs that a limit counts together. */
function jobsOf(kind: string, scope: string | undefined, place: string): string {
  if (scope === 'PerAccount') return `jobs of its account in ${place}`;
  return kind === 'Max' ? `jobs of its user in ${place}` : `jobs of ${place}`;
}

const limit = (meaning: string, action: string): PendingReason => ({ cause: 'limit', meaning, action });
const request = (meaning: string, action: string): PendingReason => ({ cause: 'request', meaning, action });
