import { test } from 'bun:test';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { $ } from 'bun';
import { type Daemon, startDaemon } from './daemon.ts';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';
import { isSince, type Release } from './release.ts';
import {
  cgroupSettings,
  cgroupVersion,
  enterCgroups,
  lackOfCgroups,
  removeNodeGroups,
} from './slurm-cgroups.ts';
import { testWith } from './tool.ts';

/** The programs of a cluster of this machine's own Slurm; clusters of other releases need its users. */
const TOOLS = ['mariadbd', 'munged', 'sacct', 'slurmctld', 'slurmd', 'slurmdbd', 'squeue'];

/**
 * Returns `test` if a cluster can be started, which needs
 * root; else prints a warning and skips, or fails in CI.
 */
export function testWithCluster({ version, remedy }: Release): typeof test | typeof test.skip {
  const isRoot = process.getuid?.() === 0;
  if (version !== undefined && (isRoot || process.env.CI)) return testWith(TOOLS);
  const reason = isRoot
    ? `A release of Slurm is missing: ${remedy}.`
    : 'Only root can start a Slurm cluster.';
  if (process.env.CI) throw new Error(reason);
  console.error(`\nSKIPPED: ${reason}\n`);
  return test.skip;
}

/** Returns `test` if a cluster with cgroups can be started; else prints a warning and skips. */
export function testWithCgroups(release: Release): typeof test | typeof test.skip {
  const lack = lackOfCgroups(release);
  if (lack === undefined) return testWithCluster(release);
  console.error(`\nSKIPPED: ${lack}\n`);
  return test.skip;
}

export const NODES = ['node01', 'node02', 'node03'] as const;
type NodeName = (typeof NODES)[number];

/** Users that every Debian has, who submit the jobs unless a test adds others. */
const USERS = ['games', 'daemon'];

/** Services that tests may restart in a running cluster. */
type Service = 'slurmctld' | 'slurmdbd';

interface ClusterOptions {
  readonly release: Release;
  /** Lines of slurm.conf. */
  readonly settings: readonly string[];
  /** Whether jobs are kept in cgroups; else by their processes alone. */
  readonly hasCgroups?: boolean;
}

/** How jobs are kept without cgroups: memory limits are checked at intervals. */
const WITHOUT_CGROUPS = {
  slurm: [
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/linux',
    'JobAcctGatherParams=OverMemoryKill',
  ],
  cgroup: ['CgroupPlugin=disabled'],
  cpusPerNode: 32,
};

/**
 * Starts Slurm with three nodes and accounting on this machine, as root, with its own ports and folder, and
 * stops it at the end of the scope. Each node is a slurmd in a PID namespace or a cgroup of its own, so that
 * its jobs end with it.
 */
export async function startCluster({ release, settings, hasCgroups = false }: ClusterOptions) {
  const folder = temporaryFolder();
  const { file } = folder;
  // The user slurm and the users of the jobs must be able to enter.
  chmodSync(folder.path, 0o755);
  const slurm = { uid: await idOf('-u', 'slurm'), gid: await idOf('-g', 'slurm') };
  for (const name of ['state', 'log']) {
    mkdirSync(file(name));
    chownSync(file(name), slurm.uid, slurm.gid);
  }
  for (const name of ['munge', 'database', 'temporary', ...NODES]) mkdirSync(file(name), { mode: 0o755 });
  const [databasePort, accountingPort, controlPort, ...nodePorts] = (await freePorts(6)) as [
    number,
    number,
    number,
    ...number[],
  ];
  const head = hostname().split('.')[0]!;
  const { enter } = release;
  const containment = hasCgroups ? cgroupSettings(release) : WITHOUT_CGROUPS;
  const entry = hasCgroups ? await enterCgroups(release, folder.path) : { outside: [], inside: [] };
  const munge = file('munge/socket');
  const shared = ['SlurmUser=slurm', 'AuthType=auth/munge', `AuthInfo=socket=${munge},cred_expire=10`];
  /** Changes slurm.conf; takes effect when slurmctld starts, some settings with `scontrol reconfigure`. */
  const configure = (settings: readonly string[]) =>
    writeConfiguration('slurm.conf', [...lines, ...settings]);
  const lines = [
    'ClusterName=test',
    `SlurmctldHost=${head}(127.0.0.1)`,
    `SlurmctldPort=${controlPort}`,
    'SlurmdUser=root',
    ...shared,
    `StateSaveLocation=${file('state')}`,
    `SlurmdSpoolDir=${folder.path}/%n`,
    `SlurmctldPidFile=${file('state/slurmctld.pid')}`,
    `SlurmdPidFile=${folder.path}/%n/slurmd.pid`,
    `SlurmctldLogFile=${file('log/slurmctld')}`,
    `SlurmdLogFile=${file('log/slurmd')}.%n`,
    'MailProg=/bin/true',
    'MpiDefault=none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core_Memory',
    'DefMemPerCPU=10',
    ...containment.slurm,
    'JobAcctGatherFrequency=task=1',
    // As fast as possible instead of the defaults of minutes.
    'SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1',
    'SlurmdTimeout=10',
    'KillWait=2',
    'ReturnToService=2',
    'PropagateResourceLimits=NONE',
    // The nodes have more processors and less memory than the machine.
    'SlurmdParameters=config_overrides',
    'AccountingStorageType=accounting_storage/slurmdbd',
    'AccountingStorageHost=127.0.0.1',
    `AccountingStoragePort=${accountingPort}`,
    `AccountingStoragePass=${munge}`,
    'AccountingStorageEnforce=associations',
    ...NODES.map(
      (name, index) =>
        `NodeName=${name} NodeHostname=${head} NodeAddr=127.0.0.1 Port=${nodePorts[index]} CPUs=${containment.cpusPerNode} RealMemory=1000`,
    ),
    'PartitionName=main Nodes=ALL Default=YES DefaultTime=10:00 MaxTime=60:00',
    'PartitionName=short Nodes=node01,node02 DefaultTime=1:00 MaxTime=30:00',
  ];
  configure(settings);
  // Since 23.11 slurmd uses cgroups even if no plugin needs them; 22.05 does not have this setting.
  if (hasCgroups || isSince(release, '23.11')) writeConfiguration('cgroup.conf', containment.cgroup);
  writeConfiguration('slurmdbd.conf', [
    'DbdHost=localhost',
    `DbdPort=${accountingPort}`,
    ...shared,
    'StorageType=accounting_storage/mysql',
    'StorageHost=127.0.0.1',
    `StoragePort=${databasePort}`,
    'StorageUser=root',
    'StorageLoc=slurm',
    `PidFile=${file('state/slurmdbd.pid')}`,
    `LogFile=${file('log/slurmdbd')}`,
  ]);
  chownSync(file('slurmdbd.conf'), slurm.uid, slurm.gid);
  chmodSync(file('slurmdbd.conf'), 0o600);
  writeFileSync(file('munge/key'), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });

  function writeConfiguration(name: string, lines: readonly string[]): void {
    writeFileSync(file(name), lines.map((line) => `${line}\n`).join(''));
  }

  const env = { PATH: process.env.PATH!, SLURM_CONF: file('slurm.conf'), LC_ALL: 'C', TZ: 'UTC' };
  const running: Daemon[] = [];
  const nodes = new Map<NodeName, Daemon>();
  const services = new Map<Service, Daemon>();
  async function start(log: string, command: readonly string[], probe: readonly string[]): Promise<void> {
    const [inside, answers] = [command, probe].map((words) => [...enter, ...words]) as [string[], string[]];
    running.unshift(await startDaemon({ command: inside, env, log: file(log), probe: answers }));
  }
  /** Returns the output of a Slurm program; rejects when it fails. */
  async function run(...command: readonly string[]): Promise<string> {
    return (
      await $`timeout 20 ${[...enter, ...command]}`.env({ ...env, SLURM_TIME_FORMAT: '%s' }).quiet()
    ).stdout
      .toString()
      .trim();
  }
  async function startNode(name: NodeName): Promise<void> {
    const { outside, inside } = entry;
    // slurmd refuses groups of version 2 that have processes of other PID namespaces in them.
    const isAlone = !hasCgroups || cgroupVersion(release) === 'v1';
    const alone = !isAlone ? [] : ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const node = await startDaemon({
      command: [...alone, ...outside, ...enter, ...inside, 'slurmd', '-D', '-N', name],
      env,
      log: file(`log/slurmd.${name}`),
      probe: [...enter, 'sh', '-c', `sinfo -h -n ${name} -o %T | grep -Eq '^(idle|mixed|allocated)$'`],
    });
    nodes.set(name, node);
  }
  const probes: Record<Service, readonly string[]> = {
    slurmdbd: ['sacctmgr', '--noheader', 'show', 'cluster'],
    slurmctld: ['sh', '-c', 'scontrol ping | grep -q UP'],
  };
  async function startService(name: Service): Promise<void> {
    const log = file(`log/${name}`);
    const [command, probe] = [
      [...enter, name, '-D'],
      [...enter, ...probes[name]],
    ];
    services.set(name, await startDaemon({ command, env, log, probe }));
  }
  const stopService = async (name: Service) => services.get(name)?.stop();
  async function stop(): Promise<void> {
    await Promise.all([...nodes.values()].map((node) => node.kill()));
    if (hasCgroups) await removeNodeGroups(NODES);
    await stopService('slurmctld');
    await stopService('slurmdbd');
    for (const daemon of running) await daemon.stop();
    folder[Symbol.dispose]();
  }

  try {
    await start(
      'log/munged',
      ['munged', '--foreground', '--force', `--key-file=${file('munge/key')}`, `--socket=${munge}`]
        .concat(`--pid-file=${file('munge/pid')}`, `--log-file=${file('log/munged')}`)
        .concat(`--seed-file=${file('munge/seed')}`),
      ['munge', '--no-input', `--socket=${munge}`],
    );
    // MariaDB deletes the temporary tables of others in its folder when it starts.
    const temporary = file('temporary');
    await $`${enter} mariadb-install-db --no-defaults --user=root --datadir=${file('database')} --auth-root-authentication-method=normal --skip-test-db`
      .env({ PATH: process.env.PATH!, TMPDIR: temporary })
      .quiet();
    await start(
      'log/mariadbd',
      ['mariadbd', '--no-defaults', '--user=root', `--datadir=${file('database')}`, '--skip-name-resolve']
        .concat(`--tmpdir=${temporary}`)
        .concat(`--socket=${file('database/socket')}`, `--pid-file=${file('database/pid')}`)
        .concat('--bind-address=127.0.0.1', `--port=${databasePort}`, `--log-error=${file('log/mariadbd')}`)
        .concat('--innodb-lock-wait-timeout=900', '--innodb-flush-log-at-trx-commit=0'),
      ['mariadb-admin', '--no-defaults', `--socket=${file('database/socket')}`, 'ping'],
    );
    // slurmdbd does not create it with a newer client library.
    await run('mariadb-admin', '--no-defaults', `--socket=${file('database/socket')}`, 'create', 'slurm');
    await startService('slurmdbd');
    await run('sacctmgr', '-i', 'add', 'cluster', 'test');
    await run('sacctmgr', '-i', 'add', 'account', 'physics', 'Description=physics', 'Organization=test');
    await run('sacctmgr', '-i', 'add', 'user', [...USERS, 'root'].join(','), 'account=physics');
    await startService('slurmctld');
    await Promise.all(NODES.map(startNode));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    release,
    folder: folder.path,
    file,
    /** The environment for Slurm's commands. */
    env,
    run,
    /** Submits a batch script and returns the job id. */
    async submit(user: string, script: string, ...options: readonly string[]): Promise<string> {
      const command = [
        'sbatch',
        '--parsable',
        '--output=/dev/null',
        '--chdir=/',
        ...options,
        '--wrap',
        script,
      ];
      return run('runuser', '-u', user, '--', ...command);
    },
    /** Kills a node with everything that runs on it. */
    killNode: (name: NodeName) => nodes.get(name)!.kill(),
    startNode,
    stopService,
    startService,
    configure,
    [Symbol.asyncDispose]: stop,
  };
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

const idOf = async (what: '-u' | '-g', user: string) => Number(await $`id ${what} ${user}`.text());
