import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

interface FolderWatch {
  /** Watches the folder at this path now, which may have been replaced. Rejects when there is none. */
  renew(): Promise<void>;
  stop(): void;
}

/**
 * Calls `notify` with each name that is added, removed or changed in a folder that may not exist yet.
 * Notifications can be lost: callers must also poll, calling `renew` first.
 */
export function watchFolder(folder: string, notify: (name: string | null) => void): FolderWatch {
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
        watcher = watch(folder, { persistent: false }, (_, name) => notify(name));
        watcher.on('error', stop);
        watched = identity;
      } catch {
        // No inotify watches left, or a file system without them: polling finds the files.
      }
    },
    stop,
  };
}
