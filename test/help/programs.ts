import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';

/**
 * Writes shell scripts that stand in for programs of Slurm which misbehave. `env` has a PATH with their
 * folder alone; the folder is removed at the end of the scope.
 */
export function programs(scripts: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  mkdirSync(folder.file('bin'));
  function write(name: string, script: string): void {
    writeFileSync(folder.file(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(folder.file(`bin/${name}`), 0o755);
  }
  for (const [name, script] of Object.entries(scripts)) write(name, script);
  return {
    write,
    file: folder.file,
    env: { PATH: folder.file('bin') },
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}
