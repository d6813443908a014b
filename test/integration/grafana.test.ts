import { expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { RECORDINGS } from '../../src/prometheus/recordings.ts';
import { ALERT_GROUPS } from '../../src/prometheus/rules.ts';
import { DASHBOARDS, fillIn } from '../grafana/panels.ts';
import { certificates } from '../help/certificates.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { programs } from '../help/programs.ts';
import { startPrometheus, until } from '../help/prometheus.ts';
import { readPromql } from '../help/promql.ts';
import { testWith } from '../help/tool.ts';

/** Reads which labels the series of each family have. */
function readLabels(text: string): Map<string, Set<string>> {
  const families = new Map<string, Set<string>>();
  for (const [, name, labels = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
    const known = families.get(name!) ?? new Set();
    families.set(name!, known);
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label!);
  }
  return families;
}

/** A service that shows what the demonstration does not: commands of Slurm, hooks, TLS, pushing. */
async function serveWithSlurm() {
  const slurm = programs({
    squeue: 'case "$1" in --version) echo slurm 24.11.5;; esac',
    sacct: ':',
    scontrol: 'echo PrivateData = none',
  });
  const tls = certificates();
  tls.make('server', { name: 'localhost' });
  const server = await serve({
    args: [
      ...['--slurm', 'on', '--slurm-bin', slurm.file('bin'), '--spool', slurm.file('bin')],
      ...['--tls-cert', tls.file('server.crt'), '--tls-key', tls.file('server.key')],
      ...['--push', 'http://127.0.0.1:1/'],
    ],
  });
  return {
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      slurm[Symbol.dispose]();
      tls[Symbol.dispose]();
    },
  };
}

testWith(['prometheus', 'promtool', 'openssl'])(
  'every metric and label of dashboards and rules is emitted, and Prometheus answers every query of them',
  async () => {
    await using demo = await serve({ args: ['--demo'] });
    await using real = await serveWithSlurm();
    const read = async (url: string) =>
      (await fetch(`${url}/metrics`, { tls: { rejectUnauthorized: false } })).text();
    const emitted = await until(async () => {
      const families = readLabels(`${await read(demo.url)}\n${await read(real.server.url)}`);
      const last = [
        'hpc_job_info',
        'hpc_observe_findings',
        'hpc_observe_running_findings',
        'hpc_node_gpu_utilization_percent',
        'hpc_observe_slurm_command_last_success_timestamp_seconds',
      ];
      const isFilled = last.every((family) => families.has(family));
      return isFilled ? families : undefined;
    }, 120_000);

    for (const url of [demo.url, real.server.url]) {
      const child = Bun.spawn(['promtool', 'check', 'metrics'], {
        stdin: new Blob([await read(url)]),
        stderr: 'pipe',
      });
      // The name is one that the API reference fixes.
      expect(await new Response(child.stderr).text()).toBe(
        'hpc_job_state_total non-counter metrics should not have "_total" suffix\n',
      );
    }

    // Added by Prometheus to each series that it scrapes.
    const ADDED = ['instance', 'le'];
    const expectEmitted = (expr: string, name = '') => {
      const { families, labels } = readPromql(expr);
      const known = new Set(ADDED);
      expect([expr, families.length]).not.toEqual([expr, 0]);
      for (const family of families) {
        expect([expr, family, emitted.has(family)]).toEqual([expr, family, true]);
        for (const label of emitted.get(family)!) known.add(label);
      }
      const named = [...name.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      for (const label of [...labels, ...named]) expect([expr, ...known]).toContain(label);
    };
    const values: Record<string, string> = { model: '.*' };
    const alerts = Object.values(ALERT_GROUPS).flat();
    for (const { expr } of [...alerts, ...RECORDINGS]) expectEmitted(expr);
    const targets = DASHBOARDS.flatMap(({ uid, panels }) =>
      panels.flatMap(({ title, targets = [] }) =>
        targets.map((target) => ({ where: `${uid}: ${title}`, ...target })),
      ),
    );
    for (const { expr, legendFormat } of targets)
      expectEmitted(fillIn(expr, { ...values, job: 'x', user: 'x', node: 'x' }), legendFormat);

    using folder = temporaryFolder();
    const rules = await runExecutable(['prometheus', 'rules'], { folder: folder.path });
    expect(rules.stdout).toContain('interval: 1m');
    writeFileSync(folder.file('rules.yml'), rules.stdout.replace('interval: 1m', 'interval: 1s'));
    const scrape = (url: string) => `
  - job_name: ${new URL(url).port}
    scheme: ${new URL(url).protocol.slice(0, -1)}
    tls_config: { insecure_skip_verify: true }
    honor_labels: true
    static_configs: [{ targets: ["${new URL(url).host}"] }]`;
    await using prometheus = await startPrometheus(`
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["${folder.file('rules.yml')}"]
scrape_configs:${scrape(demo.url)}${scrape(real.server.url)}
`);
    const { query } = prometheus;
    // Rates need two points.
    const [held] = await until(async () => {
      const found = await query(
        'topk(1, hpc_job_gpus_allocated > 0 and on (job_id, node) rate(hpc_job_cpu_seconds_total[10s]) >= 0 and on (job_id, node) hpc_job_gpu_usage_percent)',
      );
      return found.length > 0 ? found : undefined;
    }, 60_000);
    Object.assign(values, { job: held!.labels.job_id, user: held!.labels.user, node: held!.labels.node });
    await until(async () =>
      (await query('count(hpc_observe_http_request_seconds_count offset 5s)')).length > 0 ? true : undefined,
    );
    // A scrape that a busy machine made late leaves a gap, which ends.
    let silent = targets;
    for (const endMs = Date.now() + 60_000; silent.length > 0 && Date.now() < endMs; await Bun.sleep(500)) {
      const asked = silent;
      silent = [];
      for (const target of asked)
        if ((await query(fillIn(target.expr, values))).length === 0) silent.push(target);
    }
    expect(silent.map(({ where, expr }) => `${where}: ${expr}`)).toEqual([]);

    // All rules are evaluated without an error, and each recorded series has values.
    const groups = await until(async () => {
      const answer = await prometheus.rules();
      const isDone = answer.every(({ rules: all }) => all.every(({ health }) => health !== 'unknown'));
      return isDone ? answer : undefined;
    }, 90_000);
    const evaluated = groups.flatMap(({ rules: all }) => all);
    expect(evaluated).toHaveLength(alerts.length + RECORDINGS.length);
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([]);
    for (const { record } of RECORDINGS)
      expect([record, (await query(record)).length]).not.toEqual([record, 0]);
  },
);
