import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const FILE = /^(\d{12})\.batch$/;
/** A file of each batch: an hour at 15 s is 240 of them. */
const MAX_FILES = 100_000;

interface SpoolOptions {
  readonly folder: string;
  /** The oldest batches are dropped beyond this. */
  readonly maxBytes: number;
}

/** A batch that waits on disk; its number grows with its age. */
export interface SpooledBatch {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Batches on disk that the service has not acknowledged, in order. */
export interface Spool {
  /**
   * Stores a batch, on disk when it returns; drops the oldest ones if there is no room. Throws the system's
   * error, for example if the disk is full.
   */
  add(bytes: Uint8Array): void;
  /** Returns the oldest batch that `isWanted`; undefined if there is none. */
  first(isWanted?: (number: number) => boolean): SpooledBatch | undefined;
  /** Deletes a batch that was acknowledged, or that cannot be sent. */
  remove(number: number): void;
  state(): SpoolState;
}

export interface SpoolState {
  readonly batches: number;
  readonly bytes: number;
  /** Batches that were dropped since the start because there was no room. */
  readonly dropped: number;
}

/**
 * Opens a folder of batches, which it creates. Every batch is a file that appears whole, so that the agent
 * may be killed at any moment. Throws the system's error if the folder cannot be used.
 */
export function openSpool({ folder, maxBytes }: SpoolOptions): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sizes = readSizes(folder);
  let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let next = Math.max(0, ...sizes.keys()) + 1;
  let dropped = 0;

  const pathOf = (number: number) => join(folder, `${String(number).padStart(12, '0')}.batch`);

  function remove(number: number): void {
    const size = sizes.get(number);
    if (size === undefined) return;
    rmSync(pathOf(number), { force: true });
    sizes.delete(number);
    bytes -= size;
  }

  function makeRoom(needed: number): void {
    for (const number of sizes.keys()) {
      if (bytes + needed <= maxBytes && sizes.size < MAX_FILES) return;
      remove(number);
      dropped++;
    }
  }

  return {
    add(batch) {
      if (batch.length > maxBytes) {
        dropped++;
        return;
      }
      makeRoom(batch.length);
      writeWhole(folder, pathOf(next), batch);
      sizes.set(next, batch.length);
      bytes += batch.length;
      next++;
    },

    first(isWanted = () => true) {
      for (const number of sizes.keys()) {
        if (!isWanted(number)) continue;
        try {
          return { number, bytes: new Uint8Array(readFileSync(pathOf(number))) };
        } catch {
          // Somebody deleted it.
          remove(number);
          dropped++;
        }
      }
      return undefined;
    },

    remove,
    state: () => ({ batches: sizes.size, bytes, dropped }),
  };
}

/** The batches in a folder with their sizes, oldest first; what a kill left half-written is deleted. */
function readSizes(folder: string): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const name of readdirSync(folder).sort()) {
    const [, number] = FILE.exec(name) ?? [];
    if (number !== undefined) sizes.set(Number(number), statSync(join(folder, name)).size);
    else if (name.endsWith('.batch.new')) rmSync(join(folder, name), { force: true });
  }
  return sizes;
}

function writeWhole(folder: string, path: string, bytes: Uint8Array): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } catch (error) {
    // On a full disk its bytes are needed.
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncFolder(folder);
}

/** Without this a power failure may undo the renaming. */
function syncFolder(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
