import type { Database } from 'bun:sqlite';
import { type ChunkColumns, unpackColumns } from '../../chunk/chunk.ts';
import { MIN_SAMPLES } from '../../chunk/cut.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';

/** Chunks that one query looks at: a millisecond. */
const CHUNKS_AT_ONCE = 200;

/** Adds quarters to chunks that were written before there were any (schema version 8), newest first. */
export function missingQuarterMaker(db: Database, addQuarters: (seq: number, samples: ChunkColumns) => void) {
  const selectMark = db.query<{ value: number }, []>(
    "SELECT value FROM counter WHERE name = 'chunks_without_points'",
  );
  const saveMark = db.query("UPDATE counter SET value = ? WHERE name = 'chunks_without_points'");
  const selectChunks = db.query<{ seq: number }, [number, number]>(
    `SELECT seq FROM chunk WHERE seq <= ? AND seq > ? AND tier = 0 AND samples >= ${MIN_SAMPLES} ORDER BY seq DESC`,
  );
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM chunk WHERE seq = ?');

  function addTo(seq: number): void {
    const samples = unpackIfWhole(selectData.get(seq)!.data, unpackColumns);
    if (samples) addQuarters(seq, samples);
  }

  /** Adds to chunks up to `mark`, newest first; returns the newest that has not been visited. */
  function addBelow(mark: number, isOver: () => boolean): number {
    const until = Math.max(0, mark - CHUNKS_AT_ONCE);
    for (const { seq } of selectChunks.all(mark, until)) {
      addTo(seq);
      if (isOver()) return seq - 1;
    }
    return until;
  }

  /** Works until `isOver`; returns whether there may be more to do. */
  return (isOver: () => boolean): boolean => {
    let mark = selectMark.get()?.value ?? 0;
    if (mark === 0) return false;
    do mark = addBelow(mark, isOver);
    while (mark > 0 && !isOver());
    saveMark.run(mark);
    return mark > 0;
  };
}
