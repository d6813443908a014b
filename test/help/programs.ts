import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';

/** A folder of programs of our own, for what Slurm's do only when they are ill: `env` finds them before all others. */
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
