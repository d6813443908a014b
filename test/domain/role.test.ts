import { expect, test } from 'bun:test';
import type { Identity } from '../../src/domain/caller.ts';
import { callerOf, type RoleRules } from '../../src/domain/role.ts';

const RULES: RoleRules = {
  admins: ['ada', '@hpc-admins'],
  viewers: ['vera', '@support'],
  ingesters: ['igor', '@agents'],
  machineAdmins: ['root', 'slurm', 'hpc-observe'],
  seesOwnOnly: true,
};

const kernel = (name: string): Identity => ({ name, proof: 'kernel', isLocal: true });
const munge = (name: string): Identity => ({ name, proof: 'munge', isLocal: false });
const others = (proof: Identity['proof'], name: string): Identity => ({ name, proof, isLocal: false });

const ROLES: [who: string, identity: Identity, groups: string[], role: string, why: string][] = [
  ['a user of the machine', kernel('alice'), [], 'user', 'no setting names the user'],
  ['root on the machine', kernel('root'), [], 'admin', 'are admins here'],
  ['SlurmUser on the machine', kernel('slurm'), [], 'admin', 'are admins here'],
  ['root of another machine', munge('root'), [], 'ingest', 'root of another machine'],
  ['SlurmUser of another machine', munge('slurm'), [], 'user', 'no setting'],
  ['somebody whom a proxy calls root', others('proxy', 'root'), [], 'user', 'no setting'],
  ['somebody whom the identity provider calls root', others('oidc', 'root'), [], 'user', 'no setting'],
  ['a user of --admins, from anywhere', munge('ada'), [], 'admin', '--admins'],
  ['a member of a group of --admins', munge('alice'), ['users', 'hpc-admins'], 'admin', '--admins'],
  ['a user of --viewers', kernel('vera'), [], 'viewer', '--viewers'],
  ['a member of a group of --viewers', kernel('alice'), ['support'], 'viewer', '--viewers'],
  ['a user of --ingesters', munge('igor'), [], 'ingest', '--ingesters'],
  ['a member of --ingesters and --viewers', kernel('alice'), ['support', 'agents'], 'ingest', '--ingesters'],
  ['a user named like a group', kernel('hpc-admins'), [], 'user', 'no setting'],
  ['a user named like a group with its sign', others('oidc', '@hpc-admins'), [], 'user', 'no setting'],
  ['a token', { ...others('token', 'ada'), role: 'viewer' }, [], 'viewer', 'comes with the proof'],
];

test.each(ROLES)(
  '%s has the role that the rules give, and the rule is named',
  (_, identity, groups, role, why) => {
    const caller = callerOf(identity, RULES, { groups, accounts: ['physics'] });
    expect([caller.role, caller.roleWhy]).toEqual([role, expect.stringContaining(why)]);
  },
);
