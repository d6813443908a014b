import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name and content of an event file. */
export interface HookFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const FIXTURES = join(import.meta.dir, '../fixtures/slurm');

/** Reads the time and the variables of a recorded hook call, such as `prolog_slurmctld.job4.head01.1`. */
export function readFixture(
  name: string,
  folder = 'hooks',
): { timeMs: number; variables: Record<string, string> } {
  const [first, ...lines] = readFileSync(join(FIXTURES, folder, `${name}.env`), 'utf8')
    .trimEnd()
    .split('\n');
  const variables = lines.map((line) => [
    line.slice(0, line.indexOf('=')),
    line.slice(line.indexOf('=') + 1),
  ]);
  return { timeMs: Date.parse(first!.slice(2)), variables: Object.fromEntries(variables) };
}

/**
 * Builds the file that a hook writes at `timeMs`; the
 * integration test checks that the scripts write the same.
 */
export function hookFile(kind: string, timeMs: number, variables: Record<string, string>): HookFile {
  const seconds = Math.floor(timeMs / 1000);
  const nanoseconds = String((timeMs % 1000) * 1e6).padStart(9, '0');
  const id = variables.SLURM_JOB_ID ?? '0';
  const texts = Object.entries(variables).map(([name, value]) => `${name}=${value}\0`);
  return {
    name: `${seconds}.${nanoseconds}-${kind}-${id}-0-1234-head01.event`,
    bytes: new TextEncoder().encode(`hpc-observe hook 1\0${texts.join('')}end\0`),
  };
}

/** Builds the file of a recorded hook call with some variables changed. */
export function fixtureFile(name: string, changes: Record<string, string> = {}, folder = 'hooks'): HookFile {
  const { timeMs, variables } = readFixture(name, folder);
  return hookFile(name.split('.')[0]!, timeMs, { ...variables, ...changes });
}
