import type { AccessStore } from './access.ts';
import type { ChangeStore } from './changes.ts';
import type { DutyStore } from './duty.ts';
import type { HistoryStore } from './history.ts';
import type { JobStore } from './jobs.ts';
import type { LiveStore } from './live.ts';
import type { PolicyStore } from './policies.ts';
import type { RunStore } from './runs.ts';
import type { SampleStore } from './samples.ts';
import type { TallyStore } from './tallies.ts';
import type { Upkeep } from './upkeep.ts';
import type { ViewStore } from './view.ts';

/**
 * Everything the service stores. Every engine keeps these promises; `test/store/contract.ts` checks them:
 *
 * - A write resolves only once it is on disk: the process may be killed at any moment after that.
 * - Writes that arrive together may share a commit. Each succeeds or fails by itself.
 * - A write sees every write submitted before it. A large write (a long batch, a step of `expire`) may be
 *   overtaken by small writes submitted after it; a new job never is, whatever its size. A step of `expire`
 *   overtakes long batches.
 * - A read that starts after a write has resolved sees that write. Reads do not wait for writes.
 * - Methods reject with AppError; each lists its own codes. Every write also rejects with `unavailable`, and
 *   stores nothing, when the queue is full, the engine is closed, or the disk refuses, and samples also
 *   while too many are unsealed. After a crash of the engine a write is `unavailable` too, but may have been
 *   stored. Reads reject with `unavailable` once the engine is closed.
 * - A batch is stored in parts of a few milliseconds each, in order except that jobs with different ids may
 *   change places; other writes go on between the parts. It resolves when all parts are on disk. When it
 *   rejects, some parts may be stored; if the batch is sent again, their rows count as repeated, except
 *   samples that are `stamped`.
 * - Arguments have been validated by the caller. Times are milliseconds since 1970. The engine reads no clock
 *   of its own for data: the current time is passed in as `nowMs`.
 */
export interface Store
  extends JobStore,
    RunStore,
    SampleStore,
    TallyStore,
    LiveStore,
    ViewStore,
    HistoryStore,
    ChangeStore,
    DutyStore,
    AccessStore,
    PolicyStore,
    Upkeep {}
