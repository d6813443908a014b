import { DEFAULT_THRESHOLDS } from '../../src/domain/finding/thresholds.ts';
import type { Store } from '../../src/domain/store/store.ts';
import type { Cancel } from '../../src/service/policies/acts.ts';
import { deliverer } from '../../src/service/policies/deliver.ts';
import { policyTick } from '../../src/service/policies/tick.ts';
import { webhookWay } from '../../src/service/policies/ways.ts';
import { readPolicies } from '../../src/settings/policies/read.ts';

/** Reads policies that must be right. */
export function policiesOf(text: string) {
  const read = readPolicies('policies.toml', text);
  if ('faults' in read) throw new Error(read.faults.join('\n'));
  return read.file;
}

/** Receives what is posted to a webhook, as a chat does. `answer` may be changed by a test. */
export function startWebhook() {
  const received: { text: string; notice: Record<string, unknown>; key: string | null }[] = [];
  const state = { status: 200 };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = (await request.json()) as (typeof received)[number];
      if (state.status === 200) received.push({ ...body, key: request.headers.get('idempotency-key') });
      return new Response('', { status: state.status });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    received,
    state,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

interface KeeperOptions {
  readonly store: Store;
  readonly text: string;
  readonly now: () => number;
  readonly cancel?: Cancel;
  /** By default carl is that of physics. */
  readonly coordinatorsOf?: (account: string) => readonly string[];
}

const carlOfPhysics = (account: string) => (account === 'physics' ? ['carl'] : []);

/** The policies of a service that has just started, without its loops. */
export function policyKeeper(options: KeeperOptions) {
  const { store, text, now, cancel, coordinatorsOf = carlOfPhysics } = options;
  const file = policiesOf(text);
  const results: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const tick = policyTick({
    ...{ file: () => file, store, now, log, cancel },
    thresholds: DEFAULT_THRESHOLDS,
    coordinatorsOf,
    observeAct: (result) => void results.push(result),
  });
  const deliver = deliverer({
    ...{ store, way: 'webhook', now, log },
    deliver: webhookWay(() => file, {}),
    observe: (result) => void results.push(result),
  });
  const { signal } = new AbortController();
  return {
    results,
    tick: () => tick(signal),
    deliver: () => deliver(signal),
    async look() {
      await tick(signal);
      await deliver(signal);
    },
  };
}
