import { readFileSync } from 'node:fs';

/** The mark of the recorded outputs. */
export const MARK = '|k3f9xq|';

/** A recorded output of Slurm, see its README. */
export const readFixture = (name: string): string => readFileSync(`test/fixtures/slurm/${name}`, 'utf8');
