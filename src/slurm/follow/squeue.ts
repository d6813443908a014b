import type { Report } from '../../domain/report.ts';
import { createSeparator } from '../records/separator.ts';
import { createSqueueReader } from '../records/squeue.ts';
import {
  hasHelpFormat,
  type SqueueColumn,
  squeueArguments,
  squeueColumns,
} from '../records/squeue-arguments.ts';
import type { Unreadable } from '../records/unreadable.ts';
import { readOutput, type SlurmCommands } from './commands.ts';

/** Returns the columns to request from this machine's squeue. Rejects as `SlurmCommands.run` does. */
export async function readSqueueColumns(commands: SlurmCommands, timeoutMs: number): Promise<SqueueColumn[]> {
  const version = await readOutput(commands, 'squeue', ['--version'], timeoutMs);
  return squeueColumns(
    hasHelpFormat(version) ? await readOutput(commands, 'squeue', ['--helpFormat'], timeoutMs) : '',
  );
}

interface SqueueCall {
  readonly columns: readonly string[];
  /** When the call is made, in milliseconds since 1970. */
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
}

/**
 * Runs squeue once and delivers its reports as they arrive, so that a long queue is never in memory as a
 * whole. Resolves to the records that could not be read. Rejects as `SlurmCommands.run` and `deliver` do.
 */
export async function runSqueue(
  commands: SlurmCommands,
  { columns, nowMs, timeoutMs, deliver }: SqueueCall,
): Promise<Unreadable> {
  const separator = createSeparator();
  const reader = createSqueueReader(columns, separator, nowMs);
  await commands.run('squeue', squeueArguments(columns, separator), {
    timeoutMs,
    read: (text) => deliver(reader.read(text)),
  });
  reader.finish();
  return reader.unreadable;
}
