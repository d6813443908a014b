import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { ALERT_GROUPS, renderRules } from '../../src/prometheus/rules.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';
import { ALERT_CASES } from './alert-cases.ts';

const ALERTS = Object.values(ALERT_GROUPS).flat();

testWith(['promtool'])('each alert fires when it should, and not before', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('alerts.yml'), renderRules({ runbooks: 'https://wiki/alerts', publicUrl: null }));
  const checked = await $`promtool check rules alerts.yml`.cwd(folder.path).quiet().nothrow();
  expect([checked.exitCode, checked.stdout.toString()]).toEqual([0, expect.stringContaining('SUCCESS')]);
  expect(ALERT_CASES.map(({ alert }) => alert)).toEqual(ALERTS.map(({ name }) => name));
  const tests = ALERT_CASES.map(({ alert, series, silentAt, firesAt, fires }) => {
    const { severity } = ALERTS.find(({ name }) => name === alert)!;
    return {
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        { eval_time: silentAt, alertname: alert, exp_alerts: [] },
        {
          eval_time: firesAt,
          alertname: alert,
          exp_alerts: fires.map(([labels, summary, description]) => ({
            exp_labels: { severity, ...labels },
            exp_annotations: {
              summary,
              description,
              runbook_url: `https://wiki/alerts#${alert.toLowerCase()}`,
            },
          })),
        },
      ],
    };
  });
  // JSON is YAML, too.
  writeFileSync(
    folder.file('test.yml'),
    JSON.stringify({ rule_files: ['alerts.yml'], evaluation_interval: '1m', tests }),
  );
  const tested = await $`promtool test rules test.yml`.cwd(folder.path).quiet().nothrow();
  expect([tested.exitCode, tested.stderr.toString(), tested.stdout.toString()]).toEqual([
    0,
    '',
    expect.stringContaining('SUCCESS'),
  ]);
});

test('the runbook of each alert is a heading of docs/alerts.md, and no two have the same', () => {
  const headings = [...readFileSync('docs/alerts.md', 'utf8').matchAll(/^## (\w+)$/gm)].map(([, name]) =>
    name!.toLowerCase(),
  );
  const anchors = [
    ...renderRules({ runbooks: 'docs/alerts.md', publicUrl: null }).matchAll(/docs\/alerts\.md#(\w+)/g),
  ].map(([, anchor]) => anchor!);
  expect(anchors).toHaveLength(ALERTS.length);
  expect(new Set(anchors).size).toBe(anchors.length);
  expect(headings).toEqual(anchors);
});

test('prometheus rules prints what deploy has, with the address of the pages where one is given', async () => {
  const { exitCode, output } = await runLine(['prometheus', 'rules']);
  expect([exitCode, output]).toEqual([0, readFileSync('deploy/alerts.yml', 'utf8')]);
  const linked = await runLine(['prometheus', 'rules', '--public-url', 'https://head01/hpc-observe']);
  expect(linked.output).toContain('page: "https://head01/hpc-observe/jobs/{{ $labels.job_id }}"');
  expect(runLine(['prometheus', 'rules', '--runbooks', 'https://wiki/a b'])).rejects.toThrow(
    '--runbooks must be a URL',
  );
});
