import { expect } from 'bun:test';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { startAgents } from '../help/agents.ts';
import { startBrowser } from '../help/browser.ts';
import { NODES, testWithCgroups } from '../help/cluster.ts';
import { startComputeNetwork } from '../help/compute-network.ts';
import { startAll } from '../help/deployment.ts';
import { EXECUTABLE, runExecutable } from '../help/executable.ts';
import { partOf, startMailServer } from '../help/mail-server.ts';
import { OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';
import { hasMemoryGroups } from '../help/slurm-cgroups.ts';
import { testWith } from '../help/tool.ts';
import { usageJobs } from '../help/usage-jobs.ts';

// Jobs of a real Slurm that idle, leak, use one CPU of two and one node of three, and run out of time and of
// memory, with an agent on each node: exactly what is expected is found of each, in the API, in the terminal,
// in the mail and on the page. Windows are seconds, so that the jobs are short.

const TEST_MS = 300_000;
const INTERVAL_MS = 1000;
const THRESHOLDS = [
  'least-seconds=10',
  'least-samples=5',
  'cpu-least=2',
  // A busy machine gives a program a small part of a CPU.
  'node-busy-percent=8',
  'node-idle-percent=4',
  'memory-growth-seconds=10',
];

const isPossible = Bun.which('aiosmtpd') !== null && hasMemoryGroups(OLDEST);
const testWithAll = isPossible ? testWithCgroups(OLDEST) : testWith(['aiosmtpd']);

interface Finding {
  readonly kind: string;
  readonly message: string;
  readonly action?: string;
  readonly nodes?: readonly string[];
}

testWithAll(
  'what jobs of a real Slurm do wrong is found, and told in the API, in the terminal, by mail and on the page',
  async () => {
    await using scene = await startScene();
    try {
      const { submit, findingsOf, expectTold, jobs } = scene;
      const slowly = await submit('slow', 'sleep 600', '--time=1', '--mail-type=END,FAIL');
      const hungry = await submit('hungry', jobs.leaking, '--mem=30', '--mail-type=END,FAIL');
      const idle = await submit('idle', 'sleep 600', '--cpus-per-task=2', '--nodelist=node02');
      const leak = await submit('leak', jobs.leaking, '--mem=400', '--nodelist=node03');
      const serial = await submit('serial', jobs.burning('serial', 600), '--cpus-per-task=2');
      const lonely = await submit('lonely', jobs.burning('lonely', 600), '--nodes=3', '--ntasks-per-node=1');

      await expectTold(leak, async ([finding]) => {
        expect(finding).toMatchObject({ kind: 'memory-grows' });
        expect(finding!.message).toMatch(
          /^Its memory grows by [\d.]+ GB an hour, and reaches its limit of 400 MB in /,
        );
      });
      await expectTold(idle, async ([finding]) => {
        expect(finding).toMatchObject({ kind: 'cpu-idle', action: '--cpus-per-task=1' });
        expect(finding!.message).toMatch(/^2 CPUs were [\d.]+ % busy on average in \d+ s/);
      });
      await expectTold(lonely, async ([finding]) => {
        expect(finding).toMatchObject({ kind: 'nodes-unused', action: '--nodes=1' });
        expect(finding!.nodes).toHaveLength(2);
      });
      // 85 % of one CPU of two are 42.5 % of both; the machine may have given it less.
      await expectTold(serial, async ([finding], { cpu_usage: { mean } }) => {
        expect(finding!.kind).toBe(mean >= 42.5 ? 'cpu-serial' : mean >= 10 ? 'cpu-low' : 'cpu-idle');
      });
      await until('the job to run out of memory', async () => (await findingsOf(hungry)).length > 0);
      await expectTold(hungry, async ([finding]) => {
        expect(finding).toMatchObject({ kind: 'ended-by-memory', action: '--mem=100M, or let it use less.' });
        expect(finding!.message).toMatch(
          /^It was killed because it reached its memory limit of 30 MB on node0\d; the most that was measured is [\d.]+ MB\.$/,
        );
      });
      await until('the job to run out of time', async () => (await findingsOf(slowly)).length > 0);
      await expectTold(slowly, async ([finding]) => {
        expect(finding).toMatchObject({
          kind: 'ended-by-time-limit',
          message: 'It was ended at its time limit of 1 min.',
          action: '--time=0:05:00, or save and restart.',
        });
      });
      await scene.expectMails([hungry, slowly]);
      expect(scene.server.errors()).not.toMatch(/"level":"error"/);
    } catch (error) {
      console.error(scene.describe());
      throw error;
    }
  },
  TEST_MS,
);

interface Summary {
  readonly cpu_usage: { readonly mean: number };
}

/** Starts a cluster with a mail server, the service, an agent for each node, and a browser. */
async function startScene() {
  const stack = new AsyncDisposableStack();
  const mails = stack.use(await startMailServer());
  const network = stack.use(await startComputeNetwork());
  const browser = stack.use(await startBrowser());
  const mailProgram = `/tmp/hpc-observe-mail-${process.pid}`;
  writeFileSync(mailProgram, '#!/bin/sh\n', { mode: 0o755 });
  stack.defer(() => Bun.file(mailProgram).delete());
  const further = [
    'PartitionName=shared Nodes=ALL OverSubscribe=FORCE:8 DefaultTime=10:00',
    // So that a job is in a cgroup on each of its nodes.
    'PrologFlags=Contain',
    `MailProg=${mailProgram}`,
  ];
  const all = stack.use(await startAll(OLDEST, { hasCgroups: true, further }));
  const { cluster, port, folder } = all;
  writeMailProgram(mailProgram, folder.file('mail.toml'), { smtp: mails.url, port });
  const args = THRESHOLDS.flatMap((threshold) => ['--threshold', threshold]);
  const mungeSocket = cluster.file('munge/socket');
  const server = stack.use(
    await all.start({ args: ['--host', '0.0.0.0', '--munge-socket', mungeSocket, ...args] }),
  );
  const agents = stack.use(
    startAgents({
      ...{ nodes: NODES, server: `http://${network.head}:${port}`, folder: folder.file('agents') },
      ...{ interval: `${INTERVAL_MS}ms`, mungeSocket, enter: network.enter },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const read = async <Answer>(path: string): Promise<Answer> => {
    const answer = await fetch(`${url}${path}`);
    return (answer.ok ? await answer.json() : {}) as Answer;
  };
  const findingsOf = async (id: string) =>
    (await read<{ findings?: Finding[] }>(`/v1/jobs/${id}/findings`)).findings ?? [];
  const jobs = usageJobs(cluster);
  stack.defer(() => jobs.stop());

  return {
    cluster,
    jobs,
    server,
    findingsOf,
    submit: (name: string, script: string, ...options: string[]) =>
      cluster.submit('games', script, '--partition=shared', `--job-name=${name}`, '--mem=50', ...options),

    /** Waits until something is found of a job, expects it, and expects it to be told everywhere. */
    async expectTold(
      id: string,
      expectFindings: (findings: readonly Finding[], summary: Summary) => Promise<void>,
    ): Promise<void> {
      await until(`something to be found of job ${id}`, async () => (await findingsOf(id)).length > 0);
      const findings = await findingsOf(id);
      expect(findings.map(({ kind }) => kind)).toHaveLength(1);
      await expectFindings(findings, await read<Summary>(`/v1/jobs/${id}/summary`));
      const { kind } = findings[0]!;
      const shown = JSON.parse(
        (await runExecutable(['job', id, '--json', '--server', url], { folder: folder.path })).stdout,
      ) as { findings: { findings: Finding[] } };
      expect(shown.findings.findings.map((one) => one.kind)).toEqual([kind]);
      const text = (await runExecutable(['job', id, '--server', url], { folder: folder.path })).stdout;
      expect(text).toMatch(/^(HARM|WASTE) /m);
      const page = await browser.open(`${url}/jobs/${id}`);
      const verdict = `document.querySelector('.verdict-sentence')?.innerText`;
      await page.until(verdict);
      // Figures of a running job go on, and what grows may rest for a moment.
      const words = (one: string) => one.replace(/[\d.]+ (%|[MGk]?B|min|s|h)( \d+ s)?/g, 'N');
      await until(`the page to tell what is found of job ${id}`, async () => {
        const sentence = await page.evaluate<string>(verdict);
        const [first] = await findingsOf(id);
        return first !== undefined && words(sentence) === words(first.message);
      });
      await page.close();
    },

    /** Expects the mail of each job to say why it ended. */
    async expectMails(ids: readonly string[]): Promise<void> {
      const texts = (await mails.mails(ids.length)).map((mail) => partOf(mail, 'text/plain').toString());
      for (const id of ids) {
        const [finding] = await findingsOf(id);
        const text = texts.find((one) => one.includes(`job ${id} `)) ?? '';
        // The last samples may follow the mail.
        expect(text.replace(/\s+/g, ' ')).toContain(`HARM ${finding!.message.split('; the most')[0]}`);
        expect(text).toContain(`→ ${finding!.action}`);
      }
    },

    describe(): string {
      const logs = ['slurmctld', ...NODES.map((node) => `slurmd.${node}`)].map((name) =>
        readFileSync(cluster.file(`log/${name}`), 'utf8').slice(-1500),
      );
      return [...logs, server.errors().slice(-2000), ...agents.logs().map((log) => log.slice(-1500))].join(
        '\n\n',
      );
    },

    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Puts the program of deploy/ in the place that slurm.conf names, with settings of its own. */
function writeMailProgram(
  path: string,
  settings: string,
  { smtp, port }: { readonly smtp: string; readonly port: number },
): void {
  writeFileSync(
    settings,
    `smtp = "${smtp}"\nmail_domain = "example.org"\nserver = "http://127.0.0.1:${port}"\n`,
    { mode: 0o644 },
  );
  writeFileSync(
    path,
    readFileSync('deploy/hpc-observe-mail.sh', 'utf8')
      .replace('/etc/hpc-observe/mail.toml', settings)
      .replace('/usr/local/bin/hpc-observe', EXECUTABLE),
  );
  chmodSync(path, 0o755);
}
