import { join } from 'node:path';

/** Where the agent reads the system; another root than / makes a captured tree readable as the real one. */
export interface Paths {
  /** Returns the path of a file of the system, such as /proc/self/mountinfo, under the root. */
  of(path: string): string;
}

/** Returns the paths of a system under `root`. */
export const pathsUnder = (root: string): Paths => ({
  of: (path) => (root === '/' ? path : join(root, path)),
});
