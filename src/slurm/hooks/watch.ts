import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface FolderWatch {
  /** Watches the folder that is there now, which may be another one than before. Rejects when there is none. */
  renew(): Promise<void>;
  stop(): void;
}

/**
 * Calls `notice` with the name of what came, went or changed in a folder, which need not exist yet. Notices can be lost:
 * whoever depends on them has to look by itself now and then, and to `renew` before that.
 */
export function watchFolder(folder: string, notice: (name: string | null) => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  let watched = '';

  function stop(): void {
    watcher?.close();
    watcher = undefined;
  }

  return {
    async renew() {
      const { dev, ino } = await stat(folder);
      const identity = `${dev}:${ino}`;
      if (watcher && watched === identity) return;
      stop();
      try {
        watcher = watch(folder, { persistent: false }, (_, name) => notice(name));
        watcher.on('error', stop);
        watched = identity;
      } catch {
        // No watches left, or a file system without them: the looks go on.
      }
    },
    stop,
  };
}
