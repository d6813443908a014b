import { Counter, type Registry } from 'prom-client';
import type { ActState } from '../domain/policy/act.ts';
import type { Delivery } from '../domain/store/policies.ts';

const DELIVERY_RESULTS = ['sent', 'retried', 'unknown', 'expired', 'failed'] as const;
const ACT_RESULTS = ['rehearsed', 'done', 'failed', 'void'] as const satisfies readonly ActState[];

/** Counts what policies sent and did. */
export interface PolicyMetrics {
  countDelivery(way: Delivery['way'], result: string): void;
  countAct(result: string): void;
}

/** Adds the families of policies. */
export function addPolicyMetrics(registry: Registry): PolicyMetrics {
  const registers = [registry];
  const deliveries = new Counter({
    name: 'hpc_observe_policy_deliveries_total',
    help: 'Attempts to send a notice of a policy, by how they ended',
    labelNames: ['way', 'result'] as const,
    registers,
  });
  const acts = new Counter({
    name: 'hpc_observe_policy_acts_total',
    help: 'Jobs that policies cancelled, would have cancelled (rehearsed), could not cancel (failed), or had ended by then (void)',
    labelNames: ['result'] as const,
    registers,
  });
  for (const way of ['mail', 'webhook'])
    for (const result of DELIVERY_RESULTS) deliveries.inc({ way, result }, 0);
  for (const result of ACT_RESULTS) acts.inc({ result }, 0);
  return {
    countDelivery: (way, result) => deliveries.inc({ way, result }),
    countAct: (result) => acts.inc({ result }),
  };
}
