import type { Caller, Role } from './caller.ts';

/**
 * What a request needs: nothing (`public`: nobody asks who sends it; `anyone`: the caller is found out), a
 * name (`known`), what a setting asks for (`health`, `metrics`), to read jobs, to write measurements
 * (`ingest`), or to change anything (`admin`).
 */
export type Access = 'public' | 'anyone' | 'known' | 'health' | 'metrics' | 'read' | 'ingest' | 'admin';

/** Who may read /metrics or /v1/health: anyone, all who are known, or those who may see every job. */
export const AUDIENCES = ['anyone', 'known', 'viewers'] as const;
export type Audience = (typeof AUDIENCES)[number];

export interface AccessPolicy {
  readonly health: Audience;
  readonly metrics: Audience;
}

const ROLES_OF: Record<Extract<Access, 'read' | 'ingest' | 'admin'>, readonly Role[]> = {
  read: ['user', 'viewer', 'admin'],
  ingest: ['ingest', 'admin'],
  admin: ['admin'],
};

/** Decides about a request: `unknown` if it may be allowed to somebody who says who they are. */
export function judgeAccess(
  access: Access,
  caller: Caller,
  policy: AccessPolicy,
): 'allowed' | 'unknown' | 'forbidden' {
  if (mayDo(access, caller, policy)) return 'allowed';
  return caller.identity ? 'forbidden' : 'unknown';
}

function mayDo(access: Access, { role, sight }: Caller, policy: AccessPolicy): boolean {
  switch (access) {
    case 'public':
    case 'anyone':
      return true;
    case 'known':
      return role !== undefined;
    case 'health':
    case 'metrics':
      return isIn(policy[access], role, sight);
    default:
      return role !== undefined && ROLES_OF[access].includes(role);
  }
}

function isIn(audience: Audience, role: Caller['role'], sight: Caller['sight']): boolean {
  if (audience === 'anyone') return true;
  return audience === 'known' ? role !== undefined : sight === 'all';
}
