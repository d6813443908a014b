import { renderApiTables } from './src/api/tables.ts';

// Writes the generated parts of the documentation again; tests compare them with the code.

/** Each generated page, and how its new text is made of the text that is there. */
const PAGES: Readonly<Record<string, (text: string) => string>> = {
  'docs/api.md': renderApiTables,
};

for (const [path, render] of Object.entries(PAGES)) {
  const text = await Bun.file(path).text();
  const rendered = render(text);
  if (rendered !== text) await Bun.write(path, rendered);
  console.log(`${path}: ${rendered === text ? 'unchanged' : 'written'}`);
}
