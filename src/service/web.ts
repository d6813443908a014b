import { basename, dirname } from 'node:path';
import type { Pages } from '../http/routes/pages.ts';
import index from '../web/index.html';

type WebFile = Pages['files'][number];

/**
 * Reads the pages from inside the executable, where the bundler has put them; when the service runs from
 * source, bundles them now.
 */
export async function loadPages(): Promise<Pages> {
  const files = index.files ? await readEmbedded(index.files) : await bundleSource(index.index);
  const document = files.find(({ name }) => name.endsWith('.html'));
  if (!document) throw new Error('The executable has no pages.');
  return {
    document: new TextDecoder().decode(document.bytes),
    files: files.filter((file) => file !== document),
  };
}

const readEmbedded = (files: NonNullable<typeof index.files>): Promise<WebFile[]> =>
  Promise.all(
    files.map(async ({ path, headers }) => ({
      name: basename(path),
      type: headers['content-type'],
      bytes: await Bun.file(path).bytes(),
    })),
  );

async function bundleSource(path: string): Promise<WebFile[]> {
  const { outputs } = await Bun.build({ entrypoints: [path], target: 'browser', root: dirname(path) });
  return Promise.all(
    outputs.map(async (output) => ({
      name: basename(output.path),
      type: output.type,
      bytes: new Uint8Array(await output.arrayBuffer()),
    })),
  );
}
