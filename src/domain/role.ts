import type { Caller, Identity, Role, Sight } from './caller.ts';

/** Who has which role, and what the role `user` may see. */
export interface RoleRules {
  /** Users by name, and groups as `@group`. */
  readonly admins: readonly string[];
  readonly viewers: readonly string[];
  readonly ingesters: readonly string[];
  /** The users who may do everything on the service's own machine: root, SlurmUser, and the service's own. */
  readonly machineAdmins: readonly string[];
  /** Whether the role `user` sees only its own jobs. */
  readonly seesOwnOnly: boolean;
}

/** What is known about a name beside its proof. */
export interface Known {
  /** The names of the user's groups. */
  readonly groups: readonly string[];
  /** The Slurm accounts that the user coordinates. */
  readonly accounts: readonly string[];
}

/** Returns the caller behind a proved name: the highest role that the rules give it, and its sight. */
export function callerOf(identity: Identity, rules: RoleRules, known: Known): Caller {
  const role = identity.role ?? roleOf(identity, rules, known);
  return { identity, role, sight: sightOf(identity, role, rules, known) };
}

function roleOf({ name, proof, isLocal }: Identity, rules: RoleRules, { groups }: Known): Role {
  const isAmong = (list: readonly string[]) =>
    list.length > 0 && (list.includes(name) || groups.some((group) => list.includes(`@${group}`)));
  if (isAmong(rules.admins)) return 'admin';
  // The kernel names this machine's own users; a proxy or another machine may know others by these names.
  if (isLocal && proof === 'kernel' && rules.machineAdmins.includes(name)) return 'admin';
  if (isAmong(rules.ingesters)) return 'ingest';
  // Whoever is root on a compute node runs its agent.
  if (proof === 'munge' && name === 'root') return 'ingest';
  return isAmong(rules.viewers) ? 'viewer' : 'user';
}

function sightOf(
  { name }: Identity,
  role: Role,
  { seesOwnOnly }: RoleRules,
  { accounts }: Known,
): Sight | undefined {
  if (role === 'ingest') return undefined;
  return role === 'user' && seesOwnOnly ? { user: name, accounts } : 'all';
}
