import type { Report } from '../domain/report.ts';
import { readSacctColumns, type SlurmCommands } from './command.ts';
import type { Faults } from './faults.ts';
import { createMark } from './mark.ts';
import { createSacctReader, sacctArguments } from './sacct.ts';

/** slurmdbd holds the answer to one call in memory, and is busy with it: it is asked for a day at a time. */
const WINDOW_MS = 24 * 3_600_000;
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
  for (let startMs = fromMs; startMs < toMs; startMs += WINDOW_MS) {
    const choice = { fromMs: startMs, toMs: Math.min(toMs, startMs + WINDOW_MS) };
    const mark = createMark();
    const reader = createSacctReader(nowMs, mark);
    await commands.run('sacct', sacctArguments(columns, mark, choice), {
      timeoutMs: TIMEOUT_MS,
      read: (text) => deliver(reader.read(text)),
    });
    await deliver(reader.finish());
    noteFaults(reader.faults);
    noteProgress((choice.toMs - fromMs) / (toMs - fromMs));
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
