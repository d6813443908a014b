import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { FOREIGN_NAMES } from '../../src/domain/foreign/metric.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';

const PAGE = readFileSync('docs/ingest.md', 'utf8');
const blocks = [...PAGE.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1]!);
const remoteWrite = blocks.find((block) => block.startsWith('remote_write:'))!;

interface Config {
  readonly remote_write: readonly { readonly write_relabel_configs: readonly { readonly regex: string }[] }[];
}

test('the page’s list of what Prometheus keeps is the table of what is used', () => {
  const { regex } = (Bun.YAML.parse(remoteWrite) as Config).remote_write[0]!.write_relabel_configs[0]!;
  // Prometheus anchors it.
  const kept = new RegExp(`^(?:${regex})$`);
  const names = FOREIGN_NAMES.map((name) => (name === 'slurm_job_core_usage' ? `${name}_total` : name));
  expect(names.filter((name) => !kept.test(name))).toEqual([]);
  for (const name of ['node_load1', 'DCGM_FI_DEV_SM_CLOCK', 'cgroup_memsw_used_bytes', 'up'])
    expect(kept.test(name)).toBe(false);
});

test('the page names every metric that is used', () => {
  const named = PAGE.slice(PAGE.indexOf('## What is used'));
  const isNamed = (name: string) =>
    // Of some, only the end is written out.
    named.includes(`\`${name}`) || named.includes(`\`_${name.replace(/^.*?(?:memory|DEV)_/, '')}\``);
  expect(FOREIGN_NAMES.filter((name) => !isNamed(name))).toEqual([]);
});

testWith(['promtool'])('promtool accepts the page’s configuration of Prometheus', async () => {
  using folder = temporaryFolder();
  // The file of the token is on another machine.
  const config = remoteWrite.replace(/credentials_file: .*/, 'credentials: x');
  await Bun.write(folder.file('prometheus.yml'), config);
  const child = Bun.spawn(['promtool', 'check', 'config', folder.file('prometheus.yml')], { stderr: 'pipe' });
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, '']);
});
