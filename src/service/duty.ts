import type { DutyStore } from '../domain/store/duty.ts';
import type { Log } from '../log.ts';
import { type Part, type Parts, partsOf } from './parts.ts';

/** All parts of the background work stop within this. */
const STOP_MS = 15_000;

interface DutyOptions {
  readonly store: Pick<DutyStore, 'duty' | 'watchDuty' | 'isShared'>;
  readonly log: Log;
  /** Starts the parts of the background work. */
  readonly startWork: (parts: Parts) => Promise<void>;
  /** Called if the background work cannot be started after a take-over. */
  readonly onFailure: (cause: Error) => void;
}

interface RunningDuty {
  stop(): Promise<void>;
}

/**
 * Does the background work while this service is the writer of its database: starts it at the start or at a
 * take-over, and stops it when another service writes. One change is finished before the next begins.
 */
export function dutyPart({ store, log, startWork, onFailure }: DutyOptions): Part<RunningDuty> {
  return {
    name: 'work',
    stopWithinMs: STOP_MS,
    async start() {
      let working: Parts | undefined;
      let isStopping = false;

      async function follow(): Promise<void> {
        const isWanted = store.duty() === 'writer' && !isStopping;
        if (isWanted === (working !== undefined)) return;
        if (isWanted) {
          working = partsOf(log);
          await startWork(working);
        } else {
          const ended = working;
          working = undefined;
          await ended?.stop();
        }
        // It may have changed again meanwhile.
        await follow();
      }

      await follow();
      if (store.isShared) tell();
      let last: Promise<void> = Promise.resolve();
      const unwatch = store.watchDuty(() => {
        tell();
        last = last.then(follow).catch(onFailure);
      });

      function tell(): void {
        if (store.duty() === 'writer')
          log.info('duty_writer', { message: 'This service writes to the database.' });
        else
          log.info('duty_reader', {
            message:
              'This service only reads the database: another one writes, or the connection is lost. It takes over as soon as it can.',
          });
      }

      return {
        async stop() {
          unwatch();
          isStopping = true;
          await last.then(follow);
        },
      };
    },
    stop: (running) => running.stop(),
  };
}
