import type { Duty } from '../duty.ts';

/** What this service does with its database, which it may share with others. */
export interface DutyStore {
  /** Whether other services may use the database at the same time. */
  readonly isShared: boolean;

  /** Returns what it does now. A reader refuses writes with WriterElsewhere. */
  duty(): Duty;

  /** Returns the address that the service that writes has announced; undefined if none is known. */
  writerUrl(): string | undefined;

  /** Calls `tell` after each change of duty, until the returned function is called. */
  watchDuty(tell: (duty: Duty) => void): () => void;

  /** Sets the address that other services tell their clients while this one writes. */
  announce(url: string): void;

  /**
   * Calls `tell` when tokens or sessions were changed by another service, or may have been, until the
   * returned function is called.
   */
  watchAccess(tell: () => void): () => void;
}

/** The duty of a service that has its database for itself. */
export const SOLE_WRITER: DutyStore = {
  isShared: false,
  duty: () => 'writer',
  writerUrl: () => undefined,
  watchDuty: () => () => {},
  announce() {},
  watchAccess: () => () => {},
};
