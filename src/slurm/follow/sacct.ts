import type { Report } from '../../domain/report.ts';
import { createSacctReader } from '../records/sacct.ts';
import { type SacctChoice, sacctArguments, sacctColumns } from '../records/sacct-arguments.ts';
import { createSeparator } from '../records/separator.ts';
import type { Unreadable } from '../records/unreadable.ts';
import { readOutput, type SlurmCommands } from './commands.ts';
import { askNodeCpus } from './node-cpus.ts';

/** Returns the columns to request from this machine's sacct. Rejects as `SlurmCommands.run` does. */
export const readSacctColumns = async (commands: SlurmCommands, timeoutMs: number): Promise<string[]> =>
  sacctColumns(await readOutput(commands, 'sacct', ['--helpformat'], timeoutMs));

interface SacctCall {
  readonly columns: readonly string[];
  readonly choice: SacctChoice;
  /** When the call is made, in milliseconds since 1970. */
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
}

/**
 * Runs sacct once and delivers its reports as they arrive. Resolves to the records that could not be read.
 * Rejects as `SlurmCommands.run` and `deliver` do.
 */
export async function runSacct(
  commands: SlurmCommands,
  { columns, choice, nowMs, timeoutMs, deliver }: SacctCall,
): Promise<Unreadable> {
  const separator = createSeparator();
  const cpus = await askNodeCpus(commands, nowMs);
  const reader = createSacctReader(nowMs, { separator, cpusOf: (node) => cpus.get(node) });
  await commands.run('sacct', sacctArguments(columns, separator, choice), {
    timeoutMs,
    read: (text) => deliver(reader.read(text)),
  });
  await deliver(reader.finish());
  return reader.unreadable;
}
