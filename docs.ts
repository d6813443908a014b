import { renderFindingsPage } from './src/api/findings-page.ts';
import { renderMeasuresPage } from './src/api/measures-page.ts';
import { renderApiTables } from './src/api/tables.ts';
import { loadCommands } from './src/cli/commands.ts';
import { renderConfigurationPage } from './src/cli/configuration-page.ts';
import { renderAlertsPage } from './src/prometheus/alerts-page.ts';
import { DEFAULT_RUNBOOKS, renderRules } from './src/prometheus/rules.ts';
import { renderMetricsPage } from './src/service/metrics-page.ts';

// Writes the generated parts of the documentation again; test/docs.test.ts compares them with the code.

/** Each generated page, and how its new text is made of the text that is there ('' if there is none). */
export const PAGES: Readonly<Record<string, (text: string) => string | Promise<string>>> = {
  'deploy/alerts.yml': () => renderRules({ runbooks: DEFAULT_RUNBOOKS, publicUrl: null }),
  'docs/alerts.md': renderAlertsPage,
  'docs/api.md': renderApiTables,
  'docs/configuration.md': async () => renderConfigurationPage(await loadCommands()),
  'docs/findings.md': renderFindingsPage,
  'docs/measures.md': renderMeasuresPage,
  'docs/metrics.md': renderMetricsPage,
};

/** Returns the text of a page that is there, and the one that the code makes of it. */
export async function renderPage(path: string): Promise<{ text: string; rendered: string }> {
  const file = Bun.file(`${import.meta.dir}/${path}`);
  const text = (await file.exists()) ? await file.text() : '';
  return { text, rendered: await PAGES[path]!(text) };
}

if (import.meta.main) {
  for (const path of Object.keys(PAGES)) {
    const { text, rendered } = await renderPage(path);
    if (rendered !== text) await Bun.write(`${import.meta.dir}/${path}`, rendered);
    console.log(`${path}: ${rendered === text ? 'unchanged' : 'written'}`);
  }
}
