import { explainLimit } from './pending-limit.ts';
import type { PendingReason, WaitCause } from './wait-cause.ts';

/** How longer reasons begin, and their codes: Slurm writes details behind a code, or a text without one. */
const TEXTS: readonly (readonly [text: string, code: string])[] = [
  ['Nodes required for job are DOWN', 'NodesRequired'],
  ['ReqNodeNotAvail, Reserved for maintenance', 'Maintenance'],
  ['ReqNodeNotAvail, Reserved for other reservations', 'OtherReservation'],
  ['ReqNodeNotAvail, May be reserved', 'OtherReservation'],
  ['launch failed requeued held', 'LaunchFailedHeld'],
  ['job requeued in held state', 'JobHeldUser'],
];
const RESERVATION_DELETED = /^Reservation .* was deleted$/;

/** The longest code that groups jobs; a longer text is cut. */
const MAX_CODE_LENGTH = 64;

/**
 * Returns the code of a reason without the details that Slurm adds: `ReqNodeNotAvail` of `ReqNodeNotAvail,
 * UnavailableNodes:n[1-4]`. An unknown text is its own code.
 */
export function codeOf(reason: string): string {
  const text = reason.trim().replaceAll('_', ' ');
  const known = TEXTS.find(([start]) => text.startsWith(start));
  if (known) return known[1];
  if (RESERVATION_DELETED.test(text)) return 'ReservationDeleted';
  const code = /^[A-Za-z]+/.exec(text)?.[0];
  return code !== undefined && explainCode(code) ? code : reason.trim().slice(0, MAX_CODE_LENGTH);
}

/** Explains a reason as squeue prints it; undefined for one that is not known, which is shown as it is. */
export const explainReason = (reason: string): PendingReason | undefined => explainCode(codeOf(reason));

const explainCode = (code: string): PendingReason | undefined =>
  Object.hasOwn(REASONS, code) ? REASONS[code] : explainLimit(code);

/** Returns for what kind of cause a job waits; one without a reason waits for the scheduler to look at it. */
export const causeOf = (reason: string | undefined): WaitCause =>
  reason === undefined ? 'scheduler' : (explainReason(reason)?.cause ?? 'other');

const reason = (cause: WaitCause, meaning: string, action: string): PendingReason => ({
  cause,
  meaning,
  action,
});

const NOTHING = 'Nothing; it starts by itself.';
const ASK = 'Ask the administrators.';
const LOOK = 'Look at the output of the job before it is submitted again.';

/**
 * The reasons of Slurm 22.05 to 26.05 without those of limits: squeue(1) JOB REASON CODES, the table in
 * src/common/job_state_reason.c, the texts of src/slurmctld/job_scheduler.c. Those of ended runs are among
 * them, because a run that is queued again may still show them.
 */
const REASONS: Readonly<Record<string, PendingReason>> = {
  None: reason('scheduler', 'The scheduler has given no reason yet.', NOTHING),
  WaitingForScheduling: reason('scheduler', 'The scheduler has not looked at it yet.', NOTHING),
  Prolog: reason('scheduler', 'It has its nodes, and they are being prepared.', NOTHING),
  Cleaning: reason('scheduler', 'Its run before this one is still being cleaned up.', NOTHING),
  SchedDefer: reason(
    'scheduler',
    'It asked to start at once, and the scheduler starts no job at once.',
    NOTHING,
  ),
  FedJobLock: reason('scheduler', 'The clusters of the federation are agreeing on where it runs.', NOTHING),
  BurstBufferStageIn: reason('scheduler', 'Its files are being copied to the burst buffer.', NOTHING),
  MpiPortsBusy: reason('scheduler', 'The ports that MPI needs are in use on its nodes.', NOTHING),

  Resources: reason(
    'resources',
    'It is at the front of its queue and waits until enough is free.',
    'Fewer nodes, less memory or a shorter time limit may let it start earlier.',
  ),
  Priority: reason(
    'resources',
    'Jobs with a higher priority are before it.',
    'A shorter time limit may let it start in a gap; sprio shows its priority.',
  ),
  Licenses: reason(
    'resources',
    'All licences that it needs are in use.',
    'scontrol show licenses shows them.',
  ),
  BurstBufferResources: reason('resources', 'The burst buffer has too little space free.', NOTHING),
  NvidiaImexChannels: reason('resources', 'No IMEX channel between the GPUs is free.', NOTHING),
  MaxPoweredUpNodes: reason(
    'resources',
    'As many nodes are powered up as may be.',
    'It starts when other nodes are powered down.',
  ),
  PowerNotAvail: reason('resources', 'The cluster may use no more power now.', NOTHING),
  PowerReserved: reason('resources', 'The power that it needs is reserved.', NOTHING),

  Dependency: reason(
    'dependency',
    'It waits for another job.',
    'scontrol show job names that job after Dependency=.',
  ),
  DependencyNeverSatisfied: reason(
    'dependency',
    'The job that it waits for ended in another way than this one needs, so it will never start.',
    'Cancel it, or change its dependency with scontrol update.',
  ),

  JobHeldUser: reason('held', 'Its owner holds it.', 'scontrol release lets it go.'),
  JobHeldAdmin: reason('held', 'An administrator holds it, or its priority is 0.', ASK),
  JobHoldMaxRequeue: reason(
    'held',
    'It was queued again as often as may be.',
    'Find out why it does not run, then scontrol release it.',
  ),
  LaunchFailedHeld: reason(
    'held',
    'It could not be started, and is held.',
    'Check its files and programs, then scontrol release it.',
  ),
  ReservationDeleted: reason(
    'held',
    'Its reservation was deleted, so it is held.',
    'Take the reservation out with scontrol update, then scontrol release it.',
  ),

  BeginTime: reason(
    'time',
    'It was asked to begin later, or was queued again just now.',
    'It starts after its begin time.',
  ),
  Reservation: reason(
    'time',
    'Its reservation has not begun, or is full.',
    'scontrol show reservation shows when.',
  ),
  Maintenance: reason(
    'time',
    'It would run into a maintenance of its nodes.',
    'A shorter time limit may let it end before that.',
  ),
  OtherReservation: reason(
    'time',
    'Its nodes are reserved for others while it would run.',
    'A shorter time limit or other nodes may let it start.',
  ),

  ReqNodeNotAvail: reason(
    'outage',
    'A node that it needs is down, drained, reserved or in use.',
    'Ask for no particular node, or wait until it is back.',
  ),
  NodesRequired: reason(
    'outage',
    'The nodes that could run it are down, drained, or kept for partitions with a higher priority.',
    'Use another partition, or wait until they are back.',
  ),
  NodeDown: reason('outage', 'A node that it needs is down.', 'Ask for no particular node, or wait.'),
  FrontEndDown: reason('outage', 'No front-end node can start it.', ASK),
  PartitionDown: reason('outage', 'Its partition starts no jobs now.', 'Use another partition, or wait.'),
  PartitionInactive: reason('outage', 'Its partition is closed.', 'Use another partition, or wait.'),

  BadConstraints: reason(
    'request',
    'No node can ever give what it asks for.',
    'Check its constraints, CPUs, memory and GPUs; sinfo shows what nodes have.',
  ),
  Constraints: reason(
    'request',
    'No node has the features that it asks for.',
    'sinfo -o %f shows the features.',
  ),
  PartitionConfig: reason(
    'request',
    'It asks for what its partition does not allow.',
    'scontrol show partition shows what is allowed.',
  ),
  PartitionNodeLimit: reason(
    'request',
    'It asks for more or fewer nodes than its partition allows, or those nodes are down.',
    'Ask for another number of nodes, or use another partition.',
  ),
  PartitionTimeLimit: reason(
    'request',
    'Its time limit is longer than its partition allows.',
    'Shorten its time limit, or use another partition.',
  ),
  ReservationInvalid: reason(
    'request',
    'The reservation that it asks for does not exist or is not for it.',
    'scontrol show reservation shows who may use which.',
  ),
  MaxMemPerLimit: reason(
    'request',
    'It asks for more memory for each CPU or node than is allowed.',
    'Ask for less memory, or for more CPUs.',
  ),
  InvalidAccount: reason(
    'request',
    'Its account is not valid.',
    'sacctmgr show associations lists valid ones.',
  ),
  InvalidQOS: reason('request', 'Its QOS is not valid.', 'sacctmgr show associations lists valid ones.'),
  AccountNotAllowed: reason('request', 'Its partition does not admit its account.', 'Use another partition.'),
  QOSNotAllowed: reason('request', 'Its partition or account does not admit its QOS.', 'Use another QOS.'),
  BurstBufferOperation: reason(
    'request',
    'Work of the burst buffer failed for it.',
    'Check its burst buffer lines.',
  ),
  DeadLine: reason('request', 'It could not end before its deadline.', 'Submit it with a later deadline.'),

  AccountingPolicy: reason(
    'limit',
    'A limit of its account, user or QOS is reached.',
    'sacctmgr shows the limits.',
  ),
  AssociationJobLimit: reason(
    'limit',
    'Its account runs as many jobs as it may.',
    'It starts when others end.',
  ),
  AssociationResourceLimit: reason(
    'limit',
    'Its account holds as much as it may.',
    'It starts when others end.',
  ),
  AssociationTimeLimit: reason('limit', 'Its account has used up its time.', ASK),
  QOSJobLimit: reason('limit', 'Its QOS runs as many jobs as it may.', 'It starts when others end.'),
  QOSResourceLimit: reason(
    'limit',
    'Jobs of its QOS hold as much as they may.',
    'It starts when others end.',
  ),
  QOSTimeLimit: reason('limit', 'Its QOS has used up its time.', ASK),
  QOSUsageThreshold: reason(
    'limit',
    'Its account has used more than this QOS admits.',
    'Use another QOS, or wait until past usage counts less.',
  ),
  JobArrayTaskLimit: reason(
    'limit',
    'As many tasks of its array run as its owner allowed.',
    'scontrol update ArrayTaskThrottle= allows more.',
  ),

  SystemFailure: reason('other', 'Slurm or the system under it failed.', ASK),
  JobLaunchFailure: reason('other', 'It could not be started.', 'Check its working directory and programs.'),
  NonZeroExitCode: reason('other', 'It ended with an exit code that is not 0.', LOOK),
  RaisedSignal: reason('other', 'A signal ended it.', LOOK),
  TimeLimit: reason('other', 'It reached its time limit.', 'Ask for more time, or let it save its state.'),
  InactiveLimit: reason('other', 'It did nothing for longer than is allowed.', LOOK),
  OutOfMemory: reason('other', 'It needed more memory than it asked for.', 'Ask for more memory.'),
};
