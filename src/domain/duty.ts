/**
 * What a service does with its database. Several services may share one: the `writer` stores what arrives and
 * does the background work, every `reader` answers reads and takes over when the writer is gone.
 */
export type Duty = 'writer' | 'reader';
