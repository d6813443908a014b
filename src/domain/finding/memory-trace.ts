import type { MemoryCourse } from './finding.ts';

/** Spans of a trace: of twice the length when these are full. */
const SPANS = 64;
const FIRST_SPAN_MS = 60_000;

/**
 * Follows the memory of a run sample by sample, as means of 32 to 64 equal spans from its first sample on.
 */
export class MemoryTrace {
  readonly #means = new Float32Array(SPANS);
  readonly #counts = new Uint32Array(SPANS);
  #fromMs = Number.NaN;
  #spanMs = FIRST_SPAN_MS;
  #last = -1;

  /** Adds a sample of one node; NaN, and what is older than the first sample, does not count. */
  add(timeMs: number, memoryMb: number): void {
    if (Number.isNaN(memoryMb)) return;
    if (Number.isNaN(this.#fromMs)) this.#fromMs = timeMs;
    if (timeMs < this.#fromMs) return;
    while (timeMs - this.#fromMs >= SPANS * this.#spanMs) this.#double();
    const at = Math.floor((timeMs - this.#fromMs) / this.#spanMs);
    this.#counts[at]!++;
    this.#means[at]! += (memoryMb - this.#means[at]!) / this.#counts[at]!;
    this.#last = Math.max(this.#last, at);
  }

  /** When the first span starts, and the latest; NaN while there is none. */
  get fromMs(): number {
    return this.#fromMs;
  }
  get lastMs(): number {
    return this.#fromMs + this.#last * this.#spanMs;
  }

  /** Begins anew with a course that goes back further; of a run on so many nodes. */
  replace({ timesMs, memoryMb }: MemoryCourse, nodes: number): void {
    this.#fromMs = Number.NaN;
    this.#spanMs = FIRST_SPAN_MS;
    this.#last = -1;
    this.#means.fill(0);
    this.#counts.fill(0);
    for (const [at, timeMs] of timesMs.entries()) this.add(timeMs, memoryMb[at]! / nodes);
  }

  /** Returns the course of a run on so many nodes. */
  course(nodes: number): MemoryCourse {
    const known = Array.from(this.#counts.keys()).filter((at) => this.#counts[at]! > 0);
    return {
      timesMs: known.map((at) => this.#fromMs + at * this.#spanMs),
      memoryMb: known.map((at) => this.#means[at]! * nodes),
    };
  }

  /** Joins each two spans to one. */
  #double(): void {
    for (let at = 0; at < SPANS / 2; at++) {
      const [one, other] = [2 * at, 2 * at + 1];
      const count = this.#counts[one]! + this.#counts[other]!;
      const sum = this.#means[one]! * this.#counts[one]! + this.#means[other]! * this.#counts[other]!;
      this.#counts[at] = count;
      this.#means[at] = count === 0 ? 0 : sum / count;
    }
    this.#counts.fill(0, SPANS / 2);
    this.#means.fill(0, SPANS / 2);
    this.#spanMs *= 2;
    this.#last >>= 1;
  }
}
