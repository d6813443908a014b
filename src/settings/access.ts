import { AUDIENCES } from '../domain/access.ts';
import type { SettingTable } from './setting.ts';
import { choice, list, optionalText, switched, text } from './values.ts';

const names = list('names of users and @groups, with commas between them', (word) =>
  /^@?[^\s@,]+$/.test(word),
);

/** Who may do what, and how people sign in. */
export const ACCESS_SETTINGS = {
  open: {
    name: 'open',
    otherwise: 'false',
    help: 'Let everybody who reaches the service read and change everything',
    ...switched,
  },
  admins: {
    name: 'admins',
    takes: 'NAMES',
    otherwise: '',
    help: 'Users and @groups who may do everything, such as alice,@hpc-admins',
    ...names,
  },
  viewers: {
    name: 'viewers',
    takes: 'NAMES',
    otherwise: '',
    help: 'Users and @groups who may read all jobs, such as prometheus,@support',
    ...names,
  },
  ingesters: {
    name: 'ingesters',
    takes: 'NAMES',
    otherwise: '',
    help: 'Users and @groups who may write samples, events and completions, and read nothing',
    ...names,
  },
  visibility: {
    name: 'visibility',
    takes: 'WHAT',
    otherwise: 'auto',
    help: 'What users without another role see: own, all, or auto: as Slurm’s PrivateData says',
    ...choice('auto', 'own', 'all'),
  },
  coordinators: {
    name: 'coordinators',
    takes: 'USER=ACCOUNT',
    otherwise: '',
    help: 'Users who see the jobs of an account, such as alice=physics, beside those that sacctmgr lists',
    ...list('pairs such as alice=physics, with commas between them', (word) => /^[^=]+=[^=]+$/.test(word)),
  },
  cluster: {
    name: 'cluster',
    takes: 'NAME',
    otherwise: '',
    help: 'What MUNGE credentials for the service name; by default Slurm’s ClusterName, else: default',
    expects: 'one word without blanks',
    parse: (value: string) => (/\s/.test(value) ? undefined : value || null),
  },
  mungeSocket: {
    name: 'munge-socket',
    takes: 'PATH',
    otherwise: '',
    help: 'Socket of munged, if it is not the usual one (AuthInfo in slurm.conf)',
    ...optionalText,
  },
  oidcIssuer: {
    name: 'oidc-issuer',
    takes: 'URL',
    otherwise: '',
    help: 'OpenID Connect provider at which people sign in, such as https://idp.example.org/realms/hpc',
    ...optionalText,
  },
  oidcClientId: {
    name: 'oidc-client-id',
    takes: 'ID',
    otherwise: 'hpc-observe',
    help: 'The name of this service at the OpenID Connect provider',
    ...text,
  },
  oidcSecret: {
    name: 'oidc-secret',
    takes: 'SECRET',
    otherwise: '',
    help: 'The secret of this service at the OpenID Connect provider',
    isSecret: true,
    ...optionalText,
  },
  oidcScopes: {
    name: 'oidc-scopes',
    takes: 'SCOPES',
    otherwise: 'openid profile',
    help: 'What to ask the OpenID Connect provider for',
    ...text,
  },
  oidcUserClaim: {
    name: 'oidc-user-claim',
    takes: 'CLAIM',
    otherwise: 'preferred_username',
    help: 'The claim that has the user’s name on the cluster',
    ...text,
  },
  oidcGroupClaim: {
    name: 'oidc-group-claim',
    takes: 'CLAIM',
    otherwise: 'groups',
    help: 'The claim that has the groups, which --admins and others name as @group',
    ...text,
  },
  metricsAccess: {
    name: 'metrics-access',
    takes: 'WHO',
    otherwise: 'viewers',
    help: 'Who may read /metrics: viewers (who see all jobs), known (all with a name) or anyone',
    ...choice(...AUDIENCES),
  },
  healthAccess: {
    name: 'health-access',
    takes: 'WHO',
    otherwise: 'anyone',
    help: 'Who may read /v1/health: viewers, known or anyone',
    ...choice(...AUDIENCES),
  },
} satisfies SettingTable;
