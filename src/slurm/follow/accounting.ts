import type { Report } from '../../domain/report.ts';
import { createSacctReader, ENDS_OF_WAITS, type SacctChoice, sacctArguments } from '../records/sacct.ts';
import { createMark } from '../records/separator.ts';
import type { Faults } from '../records/unreadable.ts';
import { readSacctColumns, type SlurmCommands } from './commands.ts';

/** slurmdbd holds the answer to one call in memory, and is busy with it: it is asked for a day at a time. */
const WINDOW_MS = 24 * 3_600_000;
/** Days of one call for jobs that never could run: few, but slurmdbd has to look through its whole table for them. */
const WAIT_DAYS = 30;
/** Of one day, the writing of its reports included. */
const TIMEOUT_MS = 15 * 60_000;

/** What is told of an import as it goes on. */
export interface HistorySink {
  /** Resolves when the reports are on disk. */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
  /** What could not be read, once for every source; and how much of it all is done, from 0 to 1 where that is known. */
  readonly noteFaults: (faults: Faults) => void;
  readonly noteProgress: (done: number | undefined) => void;
}

/**
 * Delivers what sacct knows of the jobs of a span of time, the oldest day first. A job of several days comes with each of them.
 * Rejects with StartError when sacct cannot be run, or fails.
 */
export async function readAccounting(
  commands: SlurmCommands,
  { fromMs, toMs, nowMs }: { fromMs: number; toMs: number; nowMs: number },
  { deliver, noteFaults, noteProgress }: HistorySink,
): Promise<void> {
  const columns = await readSacctColumns(commands, TIMEOUT_MS);
  for (let startMs = fromMs, day = 0; startMs < toMs; startMs += WINDOW_MS, day++) {
    const until = (days: number) => Math.min(toMs, startMs + days * WINDOW_MS);
    if (day % WAIT_DAYS === 0) await ask({ fromMs: startMs, toMs: until(WAIT_DAYS), states: ENDS_OF_WAITS });
    await ask({ fromMs: startMs, toMs: until(1) });
    noteProgress((until(1) - fromMs) / (toMs - fromMs));
  }

  async function ask(choice: SacctChoice): Promise<void> {
    const mark = createMark();
    const reader = createSacctReader(nowMs, mark);
    await commands.run('sacct', sacctArguments(columns, mark, choice), {
      timeoutMs: TIMEOUT_MS,
      read: (text) => deliver(reader.read(text)),
    });
    await deliver(reader.finish());
    noteFaults(reader.faults);
  }
}

/**
 * Delivers what a saved output of sacct says (`createSacctReader` without a mark), of `bytes` bytes where that is known. An
 * AppError `validation_error` when it is no such output.
 */
export async function readSavedAccounting(
  stream: ReadableStream<Uint8Array>,
  { bytes, nowMs }: { bytes: number | undefined; nowMs: number },
  { deliver, noteFaults, noteProgress }: HistorySink,
): Promise<void> {
  const reader = createSacctReader(nowMs);
  const decoder = new TextDecoder();
  let read = 0;
  for await (const piece of stream) {
    await deliver(reader.read(decoder.decode(piece, { stream: true })));
    read += piece.byteLength;
    noteProgress(bytes === undefined || bytes === 0 ? undefined : read / bytes);
  }
  await deliver([...reader.read(decoder.decode()), ...reader.finish()]);
  noteFaults(reader.faults);
}
