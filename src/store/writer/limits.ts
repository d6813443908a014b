// How writes share the disk, from a request to its commit:
//
//   request → http/request/limits.ts (bytes in work, pieces) → parts → queue → schedule → one transaction
//
// A batch is cut into parts. The queue refuses rows beyond MAX_WAITING_ROWS with `unavailable`. The writing
// thread commits either one large part or all small writes that wait and fit, in turn. So a single write
// waits for at most one part (about 10 ms) and the commit of its own group, however large the batches beside
// it are. Costs are in samples: one sample costs about 2 µs of the thread.

/**
 * Rows that may wait for their commit, by lane: a fraction of a second of work. Batches and single writes do
 * not crowd each other out. Steps carry no rows.
 */
export const MAX_WAITING_ROWS = { batch: 20_000, single: 10_000, step: 0 };

/**
 * Most that one transaction may cost, so that no write waits longer than about 10 ms for another. A batch of
 * 1,000 jobs of 100 nodes in one transaction made all other writes wait for a second.
 */
export const MAX_TRANSACTION_COST = 5000;

/** A part of a batch up to this cost (a millisecond) is committed together with single writes. */
export const SMALL_PART_COST = 500;

/** A row of a job, or of one of its nodes, costs as much as this many samples. */
export const JOB_ROW_COST = 3;

/** As many further measures of a sample cost as much as the sample. */
export const VALUES_OF_SAMPLE = 16;

/** What a probe writes: a page, or after a failed commit as much as a whole group may need. */
export const PROBE_BYTES = { usual: 1, afterFailure: 256 * 1024 };
