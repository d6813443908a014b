import type { Queries } from '../sql/queries.ts';

/** Chunks that are fetched together: those that are read next come with the one that is asked for. */
const FETCHED_CHUNKS = 64;
/** Chunks in memory at once, some MB. */
const KEPT_CHUNKS = 512;

export type Part = 'readings' | 'quarters';

const SELECT: Record<Part, string> = {
  readings: 'SELECT seq, data FROM chunk WHERE seq = ANY($1::bigint[])',
  quarters: 'SELECT seq, points AS data FROM chunk WHERE seq = ANY($1::bigint[])',
};

/**
 * Fetches the data of chunks for work in steps, which cannot wait by itself: the work asks with `isMissing`
 * and pauses, and its caller calls `load` in each pause. Memory is bounded for any number of chunks.
 */
export class ChunkLoader {
  /** The numbers of chunks in the order in which they are probably read, and their places in it. */
  #order: number[] = [];
  readonly #places = new Map<number, number>();
  readonly #kept: Record<Part, Map<number, Uint8Array | null>> = { readings: new Map(), quarters: new Map() };
  readonly #wanted: Record<Part, Set<number>> = { readings: new Set(), quarters: new Set() };

  constructor(private readonly db: Queries) {}

  /** Adds a chunk that will be read. */
  expect(seq: number): void {
    this.#places.set(seq, this.#order.length);
    this.#order.push(seq);
  }

  /** Whether a part of a chunk is not here yet, which asks for it. */
  isMissing(seq: number, part: Part): boolean {
    if (this.#kept[part].has(seq)) return false;
    this.#wanted[part].add(seq);
    return true;
  }

  /** Returns a part of a chunk that is not missing; null if there is none. */
  get(seq: number, part: Part = 'readings'): Uint8Array | null {
    const data = this.#kept[part].get(seq);
    if (data === undefined) throw new Error(`Chunk ${seq} was not fetched.`);
    return data;
  }

  /** Fetches what was asked for; returns undefined if that is nothing. */
  load(): Promise<void> | undefined {
    const isIdle = this.#wanted.readings.size === 0 && this.#wanted.quarters.size === 0;
    return isIdle ? undefined : this.#loadAll();
  }

  async #loadAll(): Promise<void> {
    for (const part of ['readings', 'quarters'] as const) {
      const wanted = this.#wanted[part];
      if (wanted.size === 0) continue;
      const seqs = this.#withNext(wanted, part);
      wanted.clear();
      this.#makeRoom(part);
      const rows = await this.db.all<{ seq: number; data: Uint8Array | null }>(SELECT[part], [seqs]);
      for (const { seq, data } of rows) this.#kept[part].set(seq, data);
    }
  }

  #withNext(wanted: ReadonlySet<number>, part: Part): number[] {
    const seqs = new Set(wanted);
    const start = Math.max(...Array.from(wanted, (seq) => this.#places.get(seq) ?? 0)) + 1;
    for (let place = start; place < this.#order.length && seqs.size < FETCHED_CHUNKS; place++)
      if (!this.#kept[part].has(this.#order[place]!)) seqs.add(this.#order[place]!);
    return [...seqs];
  }

  #makeRoom(part: Part): void {
    const kept = this.#kept[part];
    for (const seq of kept.keys()) {
      if (kept.size <= KEPT_CHUNKS - FETCHED_CHUNKS) return;
      kept.delete(seq);
    }
  }
}
