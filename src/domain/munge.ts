// MUNGE proves users between machines with the same key: https://dun.github.io/munge/

/** Where distributions and sites install its programs. */
export const MUNGE_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/munge/bin', '/bin'];

/** The first word of every payload: a credential for another service is worth nothing here. */
export const MUNGE_SERVICE = 'hpc-observe';

/** The cluster that credentials name where neither Slurm nor a setting says one. */
export const DEFAULT_CLUSTER = 'default';

/** Returns the payload of a credential; `host` is that of the URL of the service, with its port if any. */
export const mungePayload = (cluster: string, host: string): string => `${MUNGE_SERVICE} ${cluster} ${host}`;
