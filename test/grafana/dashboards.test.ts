import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import Ajv from 'ajv';
import { JOB_FAMILIES } from '../../src/metrics/jobs.ts';
import { NODE_FAMILIES } from '../../src/metrics/nodes.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';
import { DASHBOARDS, type Dashboard, type Panel } from './panels.ts';

// Grafana's own schema: test/fixtures/grafana/README.md.
const KINDS = ['dashboard', 'prometheus', 'timeseries', 'stat', 'bargauge', 'table'] as const;
const ajv = new Ajv({ strict: false, allErrors: true });
for (const kind of KINDS)
  ajv.addSchema(JSON.parse(readFileSync(`test/fixtures/grafana/${kind}.json`, 'utf8')), kind);

function expectValid(definition: string, value: unknown): void {
  const validate = ajv.getSchema(definition);
  if (!validate) throw new Error(`The schema has no ${definition}.`);
  validate(value);
  expect([definition, validate.errors ?? []]).toEqual([definition, []]);
}

const panelsOf = ({ panels }: Dashboard): Panel[] => panels.filter(({ type }) => type !== 'row');

describe.each(DASHBOARDS.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_, dashboard) => {
  test('is valid by the schema that Grafana publishes: dashboard, panels, fields and queries', () => {
    expectValid('dashboard#/definitions/Dashboard', dashboard);
    for (const { type, options, fieldConfig, targets } of panelsOf(dashboard)) {
      expectValid(`${type}#/definitions/Options`, options);
      const { custom } = fieldConfig!.defaults;
      if (custom !== undefined) expectValid(`${type}#/definitions/FieldConfig`, custom);
      for (const target of targets!) expectValid('prometheus#/definitions/Dataquery', target);
    }
  });

  test('its panels have a title, a unit, and a place that no other has', () => {
    const taken = new Set<string>();
    for (const { id, type, title, fieldConfig, gridPos } of panelsOf(dashboard)) {
      const units = fieldConfig!.overrides.flatMap(({ properties }) => properties.map((one) => one.id));
      expect([title, type === 'table' ? units.includes('unit') : fieldConfig!.defaults.unit]).toEqual([
        expect.stringMatching(/./),
        type === 'table' ? true : expect.any(String),
      ]);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken).not.toContain(`${x} ${y}`);
          taken.add(`${x} ${y}`);
        }
      expect(dashboard.panels.filter((one) => one.id === id)).toHaveLength(1);
    }
  });

  test('each variable in it is defined, and each dashboard it leads to exists with the variable it sets', () => {
    const text = JSON.stringify(dashboard);
    const defined = dashboard.templating.list.map(({ name }) => name);
    const builtIn = ['__rate_interval', '__data', '__field', '__url_time_range', '__all'];
    const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!);
    for (const name of used) expect([...defined, ...builtIn]).toContain(name);
    for (const name of defined) expect(used).toContain(name);
    for (const [, uid, name] of text.matchAll(/"\/d\/([\w-]+)\?[^"]*?&var-(\w+)=/g)) {
      const target = DASHBOARDS.find((one) => one.uid === uid);
      expect(target?.templating.list.map((one) => one.name)).toContain(name!);
    }
    for (const [url] of text.matchAll(/\$\{hpc_observe:raw\}[^"]*/g))
      expect(url).toMatch(/raw\}\/(jobs|nodes|users|accounts|efficiency|$)/);
  });
});

test('the lists of the variables come from families that have the label', () => {
  const labels = new Map(
    [...JOB_FAMILIES, ...NODE_FAMILIES].map((one) => [one.name, one.labels as readonly string[]]),
  );
  const lists = DASHBOARDS.flatMap(({ templating }) =>
    templating.list.filter(({ type }) => type === 'query'),
  );
  expect(lists.length).toBeGreaterThan(3);
  for (const { definition } of lists) {
    const [, family, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition!)!;
    expect(labels.get(family!)).toContain(label!);
  }
});

test('hpc-observe grafana writes each dashboard, and again over the same files', async () => {
  using folder = temporaryFolder();
  for (const publicUrl of ['', 'https://portal.example.org/hpc-observe']) {
    const args = publicUrl === '' ? [] : ['--public-url', publicUrl];
    const { exitCode, output } = await runLine(['grafana', folder.file('a/b'), ...args]);
    expect(exitCode).toBe(0);
    expect(output.includes('--public-url')).toBe(publicUrl === '');
    const files = readdirSync(folder.file('a/b'));
    expect(files.sort()).toEqual(DASHBOARDS.map(({ uid }) => `${uid}.json`).sort());
    for (const file of files)
      expect(readFileSync(folder.file(`a/b/${file}`), 'utf8')).toContain(
        publicUrl || 'http://localhost:8080',
      );
  }
  writeFileSync(folder.file('file'), '');
  expect(runLine(['grafana', folder.file('file/dashboards')])).rejects.toThrow(
    'a part of the path is a file, not a folder.',
  );
});
