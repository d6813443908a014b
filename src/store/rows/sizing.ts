import { defined } from '../../domain/defined.ts';
import { LIMITS, type PastRun } from '../../domain/sizing/past-run.ts';

const NOTHING = 0;

/** Returns the number of a shape: 52 bits that nobody can find a second text for. */
export function numberShape(shape: string): number {
  const hash = new Bun.CryptoHasher('sha256').update(shape).digest();
  return hash.readUIntBE(0, 6) * 16 + (hash[6]! >> 4);
}

/** A row of `sizing_run` without its key. */
export interface SizingRow {
  readonly ran_out: number;
  readonly seconds: number | null;
  readonly memory: number | null;
  readonly cpus: number | null;
  readonly gpus: number | null;
}

/** Returns the columns of a row of `sizing_run` after `run` and `shape`. */
export function sizingValues({ ranOutOf, seconds, memoryMb, cpus, gpus }: PastRun): (number | null)[] {
  const ranOut = ranOutOf === undefined ? NOTHING : LIMITS.indexOf(ranOutOf) + 1;
  return [
    ranOut,
    seconds === undefined ? null : Math.ceil(seconds),
    memoryMb ?? null,
    cpus ?? null,
    gpus ?? null,
  ];
}

/** Reads a row of `sizing_run`. */
export const readSizing = ({ ran_out, seconds, memory, cpus, gpus }: SizingRow): PastRun =>
  defined<PastRun>({
    ranOutOf: ran_out === NOTHING ? undefined : LIMITS[ran_out - 1],
    seconds: seconds ?? undefined,
    memoryMb: memory ?? undefined,
    cpus: cpus ?? undefined,
    gpus: gpus ?? undefined,
  });
