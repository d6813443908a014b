import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGone, readText } from './file.ts';
import type { SavedLedger } from './ledger.ts';
import type { Paths } from './paths.ts';

/** Changed with the form of what is kept: another agent's file is discarded. */
const VERSION = 1;
/** 10,000 jobs take 15 MB. */
const MAX_BYTES = 32 * 1024 * 1024;
const NAME = 'counters.json';

interface Kept {
  readonly version: number;
  readonly bootId: string;
  readonly ledger: SavedLedger;
}

interface LedgerFileOptions {
  /** The folder in which the agent keeps batches. */
  readonly folder: string;
  readonly paths: Paths;
}

/** Keeps counters over a restart of the agent, until the node starts again. */
export interface LedgerFile {
  /**
   * Returns what was saved since the node started, and only the power of its idle CPUs if it started since;
   * undefined if nothing usable is there.
   */
  load(): SavedLedger | Pick<SavedLedger, 'nodeMeter'> | undefined;
  /** Replaces the file at once, so that a kill leaves one or the other. Throws the system's error. */
  save(ledger: SavedLedger): void;
}

/** Without a boot id, as in a captured tree, nothing is kept. */
export function createLedgerFile({ folder, paths }: LedgerFileOptions): LedgerFile {
  const path = join(folder, NAME);
  const bootId = readText(paths.of('/proc/sys/kernel/random/boot_id'))?.trim();
  return {
    load() {
      const kept = bootId === undefined ? undefined : readKept(path);
      if (kept === undefined || kept.bootId === bootId) return kept?.ledger;
      const { idleWatts } = kept.ledger.nodeMeter;
      return idleWatts === undefined ? undefined : { nodeMeter: { idleWatts } };
    },
    save(ledger) {
      if (bootId === undefined) return;
      const draft = `${path}.new`;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      try {
        writeFileSync(draft, JSON.stringify({ version: VERSION, bootId, ledger } satisfies Kept), {
          mode: 0o600,
        });
      } catch (error) {
        // On a full disk its bytes are needed.
        rmSync(draft, { force: true });
        throw error;
      }
      renameSync(draft, path);
    },
  };
}

function readKept(path: string): Kept | undefined {
  try {
    if (statSync(path).size > MAX_BYTES) return undefined;
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Kept | null;
    return kept?.version === VERSION ? kept : undefined;
  } catch (error) {
    // A power failure may leave a part of it.
    if (error instanceof SyntaxError || isGone(error)) return undefined;
    throw error;
  }
}
