import { expect, test } from 'bun:test';
import { FINDING_KINDS } from '../../src/domain/finding/judge.ts';
import { readPolicies } from '../../src/settings/policies/read.ts';

const faultsOf = (text: string): readonly string[] => {
  const read = readPolicies('p.toml', text);
  return 'faults' in read ? read.faults : [];
};

test('the example file is right, and has all that job_defense_shield and IdleBot do', async () => {
  const read = readPolicies('policies.toml', await Bun.file('deploy/policies.toml').text());
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  const { policies, digest } = read.file;
  expect(policies.map(({ name }) => name)).toEqual([
    ...['gpu-idle', 'gpu-idle-cancel'],
    ...['zero-gpu-first', 'zero-gpu-second', 'zero-gpu-cancel'],
    ...['gpu-hours-unused', 'gpu-hours-unused-list', 'gpu-efficiency', 'cpu-efficiency', 'node-unused'],
    ...['memory-unused', 'memory-per-gpu', 'cpus-per-gpu', 'gpu-too-large', 'gpus-scattered'],
    ...['cpus-scattered', 'serial', 'gpu-time-limit', 'cpu-time-limit'],
  ]);
  expect(policies.filter(({ act }) => act).map(({ name, after }) => [name, after])).toEqual([
    ['gpu-idle-cancel', 'gpu-idle'],
    ['zero-gpu-cancel', 'zero-gpu-first'],
  ]);
  expect(policies.flatMap(({ findings }) => findings).every((kind) => FINDING_KINDS.includes(kind))).toBe(
    true,
  );
  expect(digest).toEqual({ tell: ['user', 'coordinators'], by: ['mail'], weekday: 1, hour: 8 });
});

const RIGHT = `[policy.a]
says = "Stop it."
looks_at = "running"
job.gpu_idle_minutes = ">= 15"
tell = ["user"]
`;

test('a policy has defaults for what it leaves out', () => {
  const read = readPolicies('p.toml', RIGHT);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  expect(read.file).toEqual({
    administrators: [],
    timeZone: 'UTC',
    holidays: [],
    policies: [
      {
        ...{ name: 'a', says: 'Stop it.', looksAt: 'running', windowMs: 86_400_000, findings: [] },
        ...{ only: {}, excluded: {}, total: [], tell: ['user'], by: ['page'] },
        job: [{ figure: 'gpu_idle_minutes', operator: '>=', bound: 15 }],
        ...{ workdaysOnly: false, graceMs: 900_000, act: false },
      },
    ],
  });
});

const WRONG: [change: [from: string, to: string], faults: string[]][] = [
  [
    ['[policy.a]', '[policy.a'],
    ['p.toml:2: is not valid TOML: The key, equals sign, and value must be on the same line.'],
  ],
  [
    ['"running"', '"run"'],
    ['p.toml:3: policy "a": looks_at must be one of running, ended, not "run". Write looks_at = "running"'],
  ],
  [
    ['says = "Stop it."\n', ''],
    ['p.toml:1: policy "a": says is missing. Write says = "What is wrong, and what to do."'],
  ],
  [
    ['gpu_idle_minutes', 'gpu_idle_minute'],
    ['p.toml:4: policy "a": job.gpu_idle_minute is not a figure. Did you mean gpu_idle_minutes?'],
  ],
  [
    ['">= 15"', '15'],
    [
      'p.toml:4: policy "a": job.gpu_idle_minutes must be a comparison with a number, not 15. Write gpu_idle_minutes = ">= 10", or ["> 0", "<= 15"]',
    ],
  ],
  [
    ['["user"]', '["users"]'],
    [
      'p.toml:5: policy "a": tell must be a list of texts such as ["user", "administrators"], and "users" is none of them. Write tell = ["user", "administrators"]',
    ],
  ],
  [
    ['tell =', 'tel ='],
    [
      'p.toml:1: policy "a": tell is missing. Write tell = ["user"], or act = true',
      'p.toml:5: policy "a": tel is not a key. Did you mean tell?',
    ],
  ],
  [
    ['tell = ["user"]', 'tell = ["user"]\nby = ["webhook"]'],
    [
      'p.toml:1: webhook is missing, and a policy tells by webhook. Write webhook = "https://chat.example.org/hooks/…"',
    ],
  ],
  [
    ['tell = ["user"]', 'tell = ["administrators"]\nby = ["mail"]'],
    [
      'p.toml:1: administrators is missing, and a policy tells them by mail. Write administrators = ["hpc-admin@example.org"]',
    ],
  ],
  [
    ['tell = ["user"]', 'tell = ["user"]\nwindow = "1 week"'],
    [
      'p.toml:6: policy "a": window must be a time such as "15m", "24h" or "7d", not "1 week". Write window = "7d"',
    ],
  ],
  [['gpu_idle_minutes', 'gpus'], []],
  [
    ['job.gpu_idle_minutes = ">= 15"', 'job.gpus = ">= 1"\nact = true'],
    [
      'p.toml:5: policy "a": act needs a condition on how long the job has been idle. Write job.gpu_idle_minutes = ">= 60"',
    ],
  ],
  [
    ['">= 15"', '"<= 15"\nact = true'],
    [
      'p.toml:5: policy "a": act needs a condition on how long the job has been idle. Write job.gpu_idle_minutes = ">= 60"',
    ],
  ],
  [
    ['"running"', '"ended"'],
    [
      'p.toml:4: policy "a": job.gpu_idle_minutes compares idle minutes, which only running jobs have. Write looks_at = "running"',
    ],
  ],
  [
    ['job.gpu_idle_minutes = ">= 15"\n', ''],
    [
      'p.toml:1: policy "a": job is missing: the policy is about every job. Write job.gpu_idle_minutes = ">= 15", or findings = […]',
    ],
  ],
  [
    ['tell = ["user"]', 'act = true\nafter = "b"'],
    [
      'p.toml:6: policy "a": after must name a policy that looks at running jobs and tells their user, not "b". Write tell = ["user"] in that policy.',
    ],
  ],
  [
    ['[policy.a]', 'holidays = ["24.12."]\n[policy.a]'],
    [
      'p.toml:1: holidays must be a list of texts such as ["2026-12-24"], and "24.12." is none of them. Write holidays = ["2026-12-24"]',
    ],
  ],
  [
    ['[policy.a]', 'time_zone = "Mars"\n[policy.a]'],
    ['p.toml:1: time_zone is no time zone: "Mars". Write time_zone = "Europe/Berlin"'],
  ],
  [
    ['[policy.a]', '[policy."A b"]'],
    ['p.toml:1: policy "A b" is no name: write lower-case letters, digits and hyphens, and not "digest".'],
  ],
];

test.each(WRONG)('a fault names file, line, policy and key, and what to write: %p', ([from, to], faults) => {
  expect(RIGHT).toContain(from);
  expect(faultsOf(RIGHT.replace(from, to))).toEqual(faults);
});

test('an empty file, and one that is not a table of policies, are faults', () => {
  expect(faultsOf('')).toEqual([
    'p.toml:1: policy is missing: the file has no policy. Write [policy.NAME] and its keys.',
  ]);
  expect(faultsOf('policy = 3')[0]).toStartWith('p.toml:1: policy must be a table, not 3.');
});
