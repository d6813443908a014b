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

/** A role, and the rule that gives it, as the end of a sentence about the caller. */
interface Grant {
  readonly role: Role;
  readonly why: string;
}

const BY_ADMINS: Grant = { role: 'admin', why: '--admins names the user or a group of theirs' };
const BY_MACHINE: Grant = {
  role: 'admin',
  why: 'root, SlurmUser and the user of the service are admins here',
};
const BY_INGESTERS: Grant = { role: 'ingest', why: '--ingesters names the user or a group of theirs' };
const BY_NODE: Grant = { role: 'ingest', why: 'root of another machine writes and does not read' };
const BY_VIEWERS: Grant = { role: 'viewer', why: '--viewers names the user or a group of theirs' };
const BY_NOTHING: Grant = { role: 'user', why: 'no setting names the user' };

/** Returns the caller behind a proved name: the highest role that the rules give it, and its sight. */
export function callerOf(identity: Identity, rules: RoleRules, known: Known): Caller {
  const { role, why } =
    identity.role === undefined
      ? grantOf(identity, rules, known)
      : { role: identity.role, why: 'it comes with the proof' };
  return { identity, role, roleWhy: why, sight: sightOf(identity, role, rules, known) };
}

function grantOf({ name, proof, isLocal }: Identity, rules: RoleRules, { groups }: Known): Grant {
  // A provider may let people choose their names, also one with the sign of groups.
  const isListed = (list: readonly string[]) => !name.startsWith('@') && list.includes(name);
  const isAmong = (list: readonly string[]) =>
    list.length > 0 && (isListed(list) || groups.some((group) => list.includes(`@${group}`)));
  if (isAmong(rules.admins)) return BY_ADMINS;
  // The kernel names this machine's own users; a proxy or another machine may know others by these names.
  if (isLocal && proof === 'kernel' && rules.machineAdmins.includes(name)) return BY_MACHINE;
  if (isAmong(rules.ingesters)) return BY_INGESTERS;
  // Whoever is root on a compute node runs its agent.
  if (proof === 'munge' && name === 'root') return BY_NODE;
  return isAmong(rules.viewers) ? BY_VIEWERS : BY_NOTHING;
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
