import { expect, test } from 'bun:test';
import { PAGES, renderPage } from '../docs.ts';

test.each(Object.keys(PAGES))('%s is what `bun run docs` writes', async (path) => {
  const { text, rendered } = await renderPage(path);
  expect(text).toBe(rendered);
});

test('docs/metrics.md has every family that /metrics has', async () => {
  const { text } = await renderPage('docs/metrics.md');
  const fixtures = ['metrics.txt', 'service-metrics.txt'].map(
    (name) => `${import.meta.dir}/fixtures/${name}`,
  );
  for (const fixture of fixtures) {
    for (const [, name] of (await Bun.file(fixture).text()).matchAll(/^# TYPE (\S+) /gm))
      expect(text).toContain(`| \`${name}\` |`);
  }
});
