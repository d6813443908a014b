import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { temporaryFolder } from './folder.ts';

const FILE = /^==> (\S+) <==\n((?:(?!==> ).*\n?)*)/gm;

/**
 * Unpacks the files of a text in the form of `head --verbose *` into an empty folder, as /proc and /sys. A
 * command line has `\0` after each argument, and no line end.
 */
export function unpackTree(tree: string) {
  const folder = temporaryFolder();
  for (const [, path, content] of tree.matchAll(FILE)) {
    mkdirSync(dirname(folder.path + path!), { recursive: true });
    const isCommand = path!.endsWith('/cmdline');
    const text = isCommand ? content!.trimEnd().replaceAll('\\0', '\0') : content!;
    writeFileSync(folder.path + path!, text);
  }
  return folder;
}
