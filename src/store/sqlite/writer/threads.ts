/** Set by build.ts: where the executable holds the thread's module. */
declare const WRITER_THREAD_MODULE: string | undefined;

/** Where writing threads come from, and where they go once they have closed the database. */
export interface WriterThreads {
  start(): Worker;
  end(thread: Worker): void;
}

/** Each writing thread is started for one database and ends with it. */
export const WRITER_THREADS: WriterThreads = {
  start() {
    const module =
      typeof WRITER_THREAD_MODULE === 'string'
        ? WRITER_THREAD_MODULE
        : new URL('./thread.ts', import.meta.url).href;
    return new Worker(module, { name: 'writer', smol: true });
  },
  end: (thread) => thread.terminate(),
};
