// All limits of request bodies, so that one slow, deep, dense or endless body cannot delay or bloat the
// service for other requests. The figures were measured with test/bench and held by
// test/integration/neighbours.test.ts ('POST').

const KIB = 1024;
const MIB = 1024 * KIB;

// Bytes. The largest single write is a setting (`max-body-bytes`).

/** Largest batch, compressed and decompressed: 100,000 samples with a dozen measures each. */
export const MAX_BATCH_BYTES = 32 * MIB;
/**
 * Largest completion record. slurmctld repeats a refused
 * one for ever, so even the largest job script must fit.
 */
export const MAX_COMPLETION_BYTES = 64 * MIB;
/** Batches that are being read and stored at one time: what the disk stores in a fraction of a second. */
export const BATCH_INTAKE_BYTES = 4 * MIB;
/** Completion records that are being read and stored at one time; slurmctld posts one after the other. */
export const COMPLETION_INTAKE_BYTES = 16 * MIB;

/** Largest remote write as sent: 4 MiB unpacked (src/ingest/remote-write.ts), and what snappy may add. */
export const MAX_REMOTE_WRITE_BYTES = 5 * MIB;
/** Packed remote writes and OTLP texts that are being read at one time. Prometheus sends some 20 kB. */
export const INGEST_INTAKE_BYTES = 2 * MIB;

// Compression. Real batches shrink to a tenth or a thirtieth.

/**
 * Largest ratio of decompressed to compressed bytes, for more than MAX_UNRELATED_BYTES: small or uniform
 * batches exceed it.
 */
export const MAX_RATIO = 200;
export const MAX_UNRELATED_BYTES = MIB;
/**
 * 8 MiB, the largest window of zstd as a content encoding (RFC 9659); a decoder may otherwise need 128 MiB.
 */
export const ZSTD_WINDOW_LOG = 23;

// JSON structure: many keys or values cost far more to parse than their bytes.

/**
 * Levels of arrays and objects; ours have four. A validator
 * that recurses into 40,000 of them overflows its stack.
 */
export const MAX_DEPTH = 32;
/** Keys of one object. */
export const MAX_KEYS = 1000;
/** Values of one row of a batch, or of a whole other body. */
export const MAX_VALUES = 250_000;

// Characters.

/** A batch outside its rows. */
export const MAX_OUTSIDE_LENGTH = 64 * KIB;
export const MAX_SAMPLE_LENGTH = 64 * KIB;
/** A value of a column. */
export const MAX_VALUE_LENGTH = 4 * KIB;
/** All metrics of one resource of OTLP. */
export const MAX_RESOURCE_LENGTH = MIB;
/** A job may list 100,000 nodes. */
export const MAX_JOB_LENGTH = MIB;
/** A string of a completion record; longer ones, such as the job's script, are shortened. */
export const MAX_STRING_LENGTH = 64 * KIB;

// How much is done in one turn of the event loop; 4 ms (SLICE_MS) are the goal.

/** Bytes of one decompressed piece. Smaller ones would take a thousand turns for a batch of 32 MiB. */
export const DECODED_PIECE_BYTES = 256 * KIB;
/** A body of known size up to here is read by Bun as a whole, which is faster than piece by piece. */
export const WHOLE_BODY_BYTES = MIB;
/** A compressed body up to here is decompressed at once, if it unpacks to no more than WHOLE_BATCH_LENGTH. */
export const SMALL_PACKED_BYTES = 16 * KIB;
/**
 * A batch up to here is parsed as a whole, which is faster than cutting it into rows: at worst some 10 ms.
 */
export const WHOLE_BATCH_LENGTH = 192 * KIB;
/** Characters that are scanned, parsed and validated at once: at worst some 4 ms. */
export const PIECE_LENGTH = 32 * KIB;
/** A single row from here on is parsed and validated in turns of its own. */
export const LONG_ROW_LENGTH = 128 * KIB;
/** A single write from here on is parsed and validated in turns of its own. */
export const LONG_WRITE_LENGTH = 64 * KIB;
