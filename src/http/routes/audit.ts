import { Elysia } from 'elysia';
import {
  AUDIT_PAGE,
  AUDIT_PARAMETER_NAMES,
  LIST_AUDIT,
  MAX_AUDIT_PAGE,
  renderAuditEntry,
} from '../../api/audit.ts';
import type { AccessStore } from '../../domain/store/access.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

/** Serves the audit record: a page of 1,000 entries is rendered in 1 ms. */
export const audit = ({ store }: { store: Pick<AccessStore, 'listAudit'> }) =>
  new Elysia({ name: 'audit', normalize: false }).get(
    LIST_AUDIT.path,
    async ({ request }) => {
      const query = readQuery(request, AUDIT_PARAMETER_NAMES);
      const limit = query.integer('limit', { min: 1, max: MAX_AUDIT_PAGE, otherwise: AUDIT_PAGE });
      const before = query.optionalInteger('before', { min: 1, max: Number.MAX_SAFE_INTEGER });
      const entries = await store.listAudit({ limit, ...(before !== undefined && { before }) });
      return { entries: entries.map(renderAuditEntry) };
    },
    { detail: describe(LIST_AUDIT) },
  );
