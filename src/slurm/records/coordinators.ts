/** Longest accepted output: some thousand accounts with hundreds of coordinators each. */
export const MAX_COORDINATOR_CHARACTERS = 16 * 1024 * 1024;

export const COORDINATOR_ARGUMENTS = [
  '--noheader',
  '--parsable2',
  'show',
  'account',
  'withcoord',
  'format=account,coordinators',
];

/**
 * Reads the output of sacctmgr with COORDINATOR_ARGUMENTS: `physics|alice,bob` on each line. Returns the
 * accounts by coordinator. Slurm lists a coordinator of an account with all its sub-accounts too.
 */
export function parseCoordinators(text: string): ReadonlyMap<string, readonly string[]> {
  const accounts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [account = '', coordinators = ''] = line.split('|');
    for (const user of coordinators.split(',').filter(Boolean)) {
      const known = accounts.get(user);
      if (known) known.push(account);
      else accounts.set(user, [account]);
    }
  }
  return accounts;
}
