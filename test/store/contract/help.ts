import { AppError } from '../../../src/domain/errors.ts';
import type { NewSample } from '../../../src/domain/sample.ts';
import type { PastJob, Store } from '../../../src/domain/store.ts';
import { NOON_MS } from '../../help/service.ts';

/** Where one store lives. `open` may be called again once the store is closed, and finds what was kept. */
export interface Place {
  open(): Promise<Store>;
  [Symbol.dispose](): void;
}

export type MakePlace = () => Place;

/** An empty store that goes away at the end of the scope. */
export async function emptyStore(makePlace: MakePlace) {
  const place = makePlace();
  let store = await place.open();
  return {
    get store() {
      return store;
    },
    async reopen(): Promise<void> {
      await store.close();
      store = await place.open();
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      place[Symbol.dispose]();
    },
  };
}

/** What a call was refused with, or `none`; what is no AppError is thrown. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

export const MINUTE_MS = 60_000;

/** A sample `atMs` after noon that the server stamped; give `stamped: false` for one that was back-filled. */
export function sample(atMs: number, fields: Partial<NewSample> = {}): NewSample {
  return { timeMs: NOON_MS + atMs, cpuUsage: 50, memoryUsageMb: 1000, stamped: true, ...fields };
}

/** A job of the past: alice's on n1, running since noon. */
export function pastJob(id: string, fields: Partial<PastJob> = {}): PastJob {
  return { id, user: 'alice', nodes: ['n1'], state: 'running', startTimeMs: NOON_MS, ...fields };
}

/** Numbers from 0 to 1 that are the same in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
