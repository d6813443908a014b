// How the service treats samples that are stored but not sealed yet. Each takes 12 bytes of memory in the
// writing thread, and 4 in the main thread once histories are read. All limits follow from one number, the
// most that may be unsealed:
//
//   0       a quarter          three quarters                all        all and a quarter
//   |-------|------------------|-----------------------------|-----------------|
//   sealed  the oldest are     sealing does not rest,        batches of        single samples
//   by age  sealed, pauses     and chunks are closed         samples are       are refused
//           become shorter     early                         refused
//
// Nothing is hurried below a quarter, because a seal costs
// about as much for one sample of a series as for fifty.

/**
 * Most unsealed samples unless a setting says otherwise: 48 MB in the writing thread, and 16 in the main one.
 * 20,000 series at a sample every 10 s stay near a quarter of it, a burst of 20 s at 150,000 samples/s fits.
 */
export const MAX_UNSEALED_SAMPLES = 4_000_000;

/** Pauses between steps of sealing while nothing is urgent, so that writes always come first. */
const MIN_PAUSE_MS = 20;
/** The pause after a step, as a multiple of the step's time. */
const PAUSE_STEPS = 4;

/** Whether the oldest samples are sealed regardless of their age. */
export const isSealedEarly = (unsealed: number, max: number): boolean => unsealed > max / 4;

/** Returns how urgent sealing is: 0 up to a quarter of `max`, 1 from three quarters on. */
export const urgencyOf = (unsealed: number, max: number): number =>
  Math.min(1, Math.max(0, (2 * unsealed) / max - 0.5));

/** Returns the pause after a step of `stepMs`, its wait for other writes included. */
export const pauseAfter = (stepMs: number, urgency: number): number =>
  (1 - urgency) * Math.max(MIN_PAUSE_MS, PAUSE_STEPS * stepMs);

/** Whether samples are refused. Single samples have more room, because they are few. */
export const isRefused = (unsealed: number, max: number, kind: 'batch' | 'single'): boolean =>
  unsealed >= (kind === 'batch' ? max : 1.25 * max);
