import { expect, test } from 'bun:test';
import { judgeAgentNeeds } from '../../../src/slurm/check/judge-agent.ts';
import { parseSlurmConfig } from '../../../src/slurm/records/slurm-conf.ts';

const ALL = `ProctrackType = proctrack/cgroup
JobAcctGatherType = jobacct_gather/cgroup
PrologFlags = Alloc,Contain
Cgroup Support Configuration:
CgroupPlugin = cgroup/v1
ConstrainCores = yes
ConstrainRAMSpace = yes
`;
const judge = (config: string) => judgeAgentNeeds(parseSlurmConfig(config));
const lacking = (config: string) =>
  judge(config).flatMap(({ status, advice }) => (status === 'missing' ? [advice!] : []));

test('nothing is missing where Slurm keeps jobs in cgroups with all that they count', () => {
  expect(judge(ALL).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
});

test.each([
  ['ConstrainCores = yes', 'ConstrainCores = no', 'Set in cgroup.conf: ConstrainCores=yes'],
  ['Alloc,Contain', 'Alloc', 'Set in slurm.conf: PrologFlags=Contain'],
  ['Alloc,Contain', '(null)', 'Set in slurm.conf: PrologFlags=Contain'],
  [
    'jobacct_gather/cgroup',
    'jobacct_gather/linux',
    'Set in slurm.conf: JobAcctGatherType=jobacct_gather/cgroup',
  ],
])('%s as %s is missing, with what to do', (set, instead, advice) => {
  expect(lacking(ALL.replace(set, instead))).toEqual([advice]);
});

test('memory is counted by a limit or by accounting', () => {
  const neither = ALL.replace('Space = yes', 'Space = no').replace('gather/cgroup', 'gather/linux');
  expect(lacking(ALL.replace('Space = yes', 'Space = no'))).toEqual([]);
  expect(lacking(neither)).toContain('Set in cgroup.conf: ConstrainRAMSpace=yes');
});

test('version 2 counts CPU time without accounting', () => {
  const second = ALL.replace('cgroup/v1', 'cgroup/v2').replace('gather/cgroup', 'gather/linux');
  expect(lacking(second)).toEqual([]);
});

test('without cgroups only they are missing', () => {
  const findings = judge(ALL.replace('proctrack/cgroup', 'proctrack/linuxproc'));
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ status: 'missing' });
  expect(findings[0]!.advice).toContain('ProctrackType=proctrack/cgroup');
});
