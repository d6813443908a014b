import type { Report } from '../../domain/report.ts';
import { createSacctReader } from '../records/sacct.ts';
import { ENDS_OF_WAITS, type SacctChoice } from '../records/sacct-arguments.ts';
import type { Unreadable } from '../records/unreadable.ts';
import type { SlurmCommands } from './commands.ts';
import { readSacctColumns, runSacct } from './sacct.ts';

/** The span of one call: slurmdbd holds the whole answer in memory and is busy with it. */
const WINDOW_MS = 24 * 3_600_000;
/**
 * Days per call for jobs that never became eligible: they
 * are few, but slurmdbd scans its whole table for them.
 */
const WAIT_DAYS = 30;
/** For one call, including the storing of its reports. */
const TIMEOUT_MS = 15 * 60_000;

/** Receives what an import reads. */
export interface ImportSink {
  /** Resolves when the reports are on disk. */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
  /** Called once for every call of sacct or saved output. */
  readonly onUnreadable: (unreadable: Unreadable) => void;
  /** `done` is the completed share from 0 to 1; undefined when the total is unknown. */
  readonly onProgress: (done: number | undefined) => void;
}

/**
 * Delivers the jobs that sacct has for a span of time, the oldest day first; a job that spans several days is
 * delivered with each of them. Rejects with OperatorError when sacct cannot be run or fails.
 */
export async function readAccounting(
  commands: SlurmCommands,
  { fromMs, toMs, nowMs }: { fromMs: number; toMs: number; nowMs: number },
  { deliver, onUnreadable, onProgress }: ImportSink,
): Promise<void> {
  const columns = await readSacctColumns(commands, TIMEOUT_MS);
  const read = async (choice: SacctChoice) =>
    onUnreadable(await runSacct(commands, { columns, choice, nowMs, timeoutMs: TIMEOUT_MS, deliver }));
  for (let startMs = fromMs, day = 0; startMs < toMs; startMs += WINDOW_MS, day++) {
    const endAfter = (days: number) => Math.min(toMs, startMs + days * WINDOW_MS);
    if (day % WAIT_DAYS === 0)
      await read({ fromMs: startMs, toMs: endAfter(WAIT_DAYS), states: ENDS_OF_WAITS });
    await read({ fromMs: startMs, toMs: endAfter(1) });
    onProgress((endAfter(1) - fromMs) / (toMs - fromMs));
  }
}

/**
 * Delivers the jobs of a saved output of sacct (`createSacctReader` without a separator) of `bytes` bytes, if
 * that is known. Rejects with `validation_error` when it is not such an output.
 */
export async function readSavedAccounting(
  stream: ReadableStream<Uint8Array>,
  { bytes, nowMs }: { bytes: number | undefined; nowMs: number },
  { deliver, onUnreadable, onProgress }: ImportSink,
): Promise<void> {
  const reader = createSacctReader(nowMs);
  const decoder = new TextDecoder();
  let readBytes = 0;
  for await (const piece of stream) {
    await deliver(reader.read(decoder.decode(piece, { stream: true })));
    readBytes += piece.byteLength;
    onProgress(bytes === undefined || bytes === 0 ? undefined : readBytes / bytes);
  }
  await deliver([...reader.read(decoder.decode()), ...reader.finish()]);
  onUnreadable(reader.unreadable);
}
