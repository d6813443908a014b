import { type Checkup, missing, ok } from '../../domain/checkup.ts';
import type { SlurmConfig } from '../records/slurm-conf.ts';

/** Settings of Slurm that the agent on a node needs to read a measure of jobs. */
interface Need {
  readonly isMet: (config: SlurmConfig) => boolean;
  /** What was found, where it is met. */
  readonly met: string;
  /** What is lost, where it is not. */
  readonly cost: string;
  readonly advice: string;
}

const has = (config: SlurmConfig, name: string, pattern: RegExp): boolean =>
  (config.get(name) ?? []).some((value) => pattern.test(value));

/** Without cgroups all else is moot. */
const CGROUPS: Need = {
  isMet: (config) => has(config, 'ProctrackType', /^proctrack\/cgroup$/),
  met: 'Slurm keeps jobs in cgroups.',
  cost: 'Slurm keeps no jobs in cgroups: the agent measures the processes below slurmstepd, without shared memory, limits, I/O and daemons',
  advice:
    'Set in slurm.conf ProctrackType=proctrack/cgroup and TaskPlugin=task/cgroup,task/affinity; then restart slurmd on idle nodes.',
};

const NEEDS: readonly Need[] = [
  {
    isMet: (config) => has(config, 'ConstrainCores', /^yes$/i),
    met: 'The kernel knows the CPUs of each job (ConstrainCores).',
    cost: 'ConstrainCores is not set: the agent asks a process of each job for its CPUs, which fails where a job has different numbers of CPUs on its nodes',
    advice: 'Set in cgroup.conf: ConstrainCores=yes',
  },
  {
    isMet: (config) =>
      has(config, 'ConstrainRAMSpace', /^yes$/i) || has(config, 'JobAcctGatherType', /\/cgroup$/),
    met: 'The kernel counts the memory of each job.',
    cost: 'Nothing makes the kernel count the memory of jobs: the agent adds up their processes, without shared memory, and sees no limit and no kill',
    advice: 'Set in cgroup.conf: ConstrainRAMSpace=yes',
  },
  {
    // Version 2 counts CPU time in every group.
    isMet: (config) =>
      has(config, 'JobAcctGatherType', /\/cgroup$/) || !has(config, 'CgroupPlugin', /^cgroup\/v1$/),
    met: 'The kernel counts the CPU time of each job.',
    cost: 'With cgroups of version 1 the kernel counts no CPU time of jobs: the agent adds up their processes, and loses that of processes that nobody waited for',
    advice: 'Set in slurm.conf: JobAcctGatherType=jobacct_gather/cgroup',
  },
  {
    isMet: (config) => has(config, 'PrologFlags', /(?:^|,)contain(?:,|$)/i),
    met: 'A job is on all its nodes from its start to its end (PrologFlags=Contain).',
    cost: 'PrologFlags lacks Contain: a node of a job is seen only while a step runs there, so that one that holds a job and runs nothing has no samples',
    advice: 'Set in slurm.conf: PrologFlags=Contain',
  },
];

/** Judges whether Slurm's configuration lets the agent measure all of a job. */
export function judgeAgentNeeds(config: SlurmConfig): Checkup[] {
  const needs = CGROUPS.isMet(config) ? [CGROUPS, ...NEEDS] : [CGROUPS];
  return needs.map(({ isMet, met, cost, advice }) => (isMet(config) ? ok(met) : missing(`${cost}.`, advice)));
}
