import { cpus, release, totalmem } from 'node:os';

/** Describes this machine in one line. */
export const describeMachine = (): string =>
  `${cpus().length} cores of ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
  `Linux ${release()}, Bun ${Bun.version}`;
