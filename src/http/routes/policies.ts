import { Elysia } from 'elysia';
import { renderNotice } from '../../api/notice.ts';
import {
  DEFAULT_POLICY_LOG,
  LIST_POLICIES,
  MAX_POLICY_LOG,
  type PoliciesAnswer,
  renderAct,
  renderPolicy,
  renderTrial,
  TRY_POLICIES,
  type TrialAnswer,
  TrialBody,
} from '../../api/policy.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { Trial, TrialRequest } from '../../domain/policy/trial.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';
import { bodyCheck } from '../request/body-check.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

/** The policies of the service. */
export interface Policies {
  /** Those in force; none without a file. */
  readonly all: () => readonly Policy[];
  /** Whether jobs are cancelled. */
  readonly mayAct: boolean;
  /** Looks whom a file would have reached. Rejects with `validation_error` if the file is wrong. */
  readonly attempt: (request: TrialRequest, signal: AbortSignal) => Promise<Trial>;
}

interface PolicyOptions {
  readonly store: Pick<PolicyStore, 'listNotices' | 'listActs'>;
  readonly policies: Policies;
  readonly now: () => number;
}

const ACTS_MS = 31 * 86_400_000;
const checkTrial = bodyCheck(TrialBody);

/** Shows administrators what policies told and did, and tries others. */
export const policyRoutes = ({ store, policies, now }: PolicyOptions) =>
  new Elysia({ name: 'policies', normalize: false })
    .get(
      LIST_POLICIES.path,
      async ({ request }): Promise<PoliciesAnswer> => {
        const query = readQuery(request, ['limit']);
        const limit = query.integer('limit', { min: 1, max: MAX_POLICY_LOG, otherwise: DEFAULT_POLICY_LOG });
        const found = await store.listNotices({ limit });
        const acts = await store.listActs(now() - ACTS_MS, limit);
        return {
          policies: policies.all().map((policy) => renderPolicy(policy, policies.mayAct)),
          notices: found.map(renderNotice),
          acts: acts.map(renderAct),
        };
      },
      { detail: describe(LIST_POLICIES) },
    )
    .post(
      TRY_POLICIES.path,
      async ({ body, request: { signal } }): Promise<TrialAnswer> => {
        const { name, text, since_seconds } = checkTrial(body);
        const sinceMs = now() - 1000 * since_seconds;
        return renderTrial(await policies.attempt({ name, text, sinceMs }, signal));
      },
      { detail: describe(TRY_POLICIES) },
    );
