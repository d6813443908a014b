import { readFileSync } from 'node:fs';
import { REFUSE_DIGEST_PATH } from '../../api/digest.ts';
import { pathFor } from '../../api/operation.ts';
import { AppError, invalid, OperatorError } from '../../domain/errors.ts';
import type { Thresholds } from '../../domain/finding/thresholds.ts';
import type { PolicyFile } from '../../domain/policy/policy.ts';
import type { RefusalLinks } from '../../domain/policy/refusal-link.ts';
import { decideTrial, forTrial, type TrialRequest } from '../../domain/policy/trial.ts';
import { explainSystemError } from '../../errno.ts';
import type { Log } from '../../log.ts';
import { type Repeat, repeat } from '../../repeat.ts';
import { defaultSender } from '../../settings/mail.ts';
import { readPolicies } from '../../settings/policies/read.ts';
import type { Config } from '../../settings/table.ts';
import { cancelRun } from '../../slurm/follow/cancel.ts';
import type { Metrics } from '../metrics.ts';
import type { Part } from '../parts.ts';
import type { Slurm } from '../slurm.ts';
import { deliverer } from './deliver.ts';
import { lookAtEnded, lookAtRunning } from './look.ts';
import { policyTick, type TickStore } from './tick.ts';
import { mailWay, type Send, webhookWay } from './ways.ts';

const DELIVER_MS = 5000;
/** Jobs are looked at after so many polls of squeue, which also need to tell what happened before a start. */
const POLLS = 2;
/** A mail that is being handed over may end; one that is cut off counts as perhaps arrived. */
const STOP_MS = 5000;
/** A trial that takes longer shows what was looked at by then. */
const TRIAL_MS = 15_000;

type PolicyConfig = Pick<
  Config,
  | 'policies'
  | 'allowScancel'
  | 'smtp'
  | 'smtpUser'
  | 'smtpPassword'
  | 'mailFrom'
  | 'mailDomain'
  | 'publicUrl'
  | 'slurmIntervalMs'
  | 'demo'
>;

export interface PolicyPartOptions {
  readonly config: PolicyConfig;
  readonly store: TickStore;
  readonly thresholds: Thresholds;
  readonly coordinatorsOf: (account: string) => readonly string[];
  readonly slurm: Slurm;
  readonly links: RefusalLinks;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop' | 'policies'>;
}

/** Reads the file of policies; OperatorError, with every fault on a line, if it is wrong. */
export function loadPolicies(path: string): PolicyFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new OperatorError(`${path} cannot be read: ${explainSystemError(error)}.`, { cause: error });
  }
  const read = readPolicies(path, text);
  if ('faults' in read) throw new OperatorError(read.faults.join('\n'));
  return read.file;
}

/** Looks at jobs by the policies of the site, tells people, and cancels what it is allowed to. */
export function policyPart(options: PolicyPartOptions, file: () => PolicyFile): Part<readonly Repeat[]> {
  const { store, log, metrics, now, config } = options;
  const tickMs = POLLS * config.slurmIntervalMs;
  return {
    name: 'policies',
    stopWithinMs: STOP_MS,
    start() {
      const tick = policyTick({
        ...options,
        file,
        cancel: mayAct(options) ? (run) => cancelRun(options.slurm.commands, run) : undefined,
        observeAct: metrics.policies.countAct,
      });
      let isSteady = false;
      const looking = repeat({
        everyMs: tickMs,
        firstMs: tickMs,
        async run(signal) {
          await tick(signal);
          isSteady = true;
          return undefined;
        },
        onError: (cause) => log.warn('policies_failed', { cause }),
      });
      metrics.watchLoop('policies', looking.state);
      // The users of a demonstration are made up.
      const sending = Object.entries(config.demo ? {} : waysOf(options, file)).map(([name, deliver]) => {
        const way = name as 'mail' | 'webhook';
        const run = deliverer({
          ...{ store, way, deliver, now, log },
          observe: (result) => metrics.policies.countDelivery(way, result),
        });
        const sender = repeat({
          everyMs: Math.min(DELIVER_MS, tickMs),
          async run(signal) {
            // What an earlier process left half done is sorted out first.
            return isSteady ? run(signal) : undefined;
          },
          onError: (cause) => log.warn('notices_failed', { way, cause }),
        });
        metrics.watchLoop(`policies_${way}`, sender.state);
        return sender;
      });
      return [looking, ...sending];
    },
    stop: (loops) => Promise.all(loops.map((loop) => loop.stop())),
  };
}

/** Whether jobs are cancelled: only where the command line allows it and Slurm is there. */
export const mayAct = ({ config, slurm }: Pick<PolicyPartOptions, 'config' | 'slurm'>): boolean =>
  config.allowScancel && slurm.isFollowed;

function waysOf(
  { config, links }: PolicyPartOptions,
  file: () => PolicyFile,
): Record<'mail' | 'webhook', Send> {
  const { publicUrl } = config;
  return {
    mail: mailWay({
      server: {
        smtp: config.smtp,
        user: config.smtpUser ?? undefined,
        password: config.smtpPassword ?? undefined,
      },
      from: config.mailFrom ?? defaultSender(),
      domain: config.mailDomain,
      administrators: () => file().administrators,
      publicUrl,
      refusalUrlOf: (user) =>
        publicUrl === null ? undefined : `${publicUrl}${pathFor(REFUSE_DIGEST_PATH, links.sign(user))}`,
    }),
    webhook: webhookWay(file, { publicUrl: publicUrl ?? undefined }),
  };
}

/** Returns how the policies of a file are tried on the jobs of the past. */
export function policyTrial({
  store,
  thresholds,
  coordinatorsOf,
  now,
}: Pick<PolicyPartOptions, 'store' | 'thresholds' | 'coordinatorsOf' | 'now'>) {
  let isBusy = false;
  return async ({ name, text, sinceMs }: TrialRequest, signal: AbortSignal) => {
    const read = readPolicies(name, text);
    if ('faults' in read) throw invalid(read.faults[0]!);
    if (isBusy) throw new AppError('unavailable', 'Other policies are being tried. Try again in a minute.');
    isBusy = true;
    try {
      const nowMs = now();
      const policies = read.file.policies.map((policy) => ({
        ...forTrial(policy, sinceMs, nowMs),
        // A trial spares nobody whose QOS is unknown.
        act: false,
      }));
      const deadlineMs = performance.now() + TRIAL_MS;
      const looks = { store, thresholds, nowMs, signal, deadlineMs };
      const running = await lookAtRunning(
        policies.filter(({ looksAt }) => looksAt === 'running'),
        looks,
      );
      const { matches, isPartial } = await lookAtEnded(policies, sinceMs, looks);
      const all = new Map(
        [...matches].map(([policy, { jobs, base }]) => [
          policy,
          { jobs: [...(running.get(policy)?.jobs ?? []), ...jobs], base },
        ]),
      );
      return { policies: decideTrial(read.file, all, { sinceMs, nowMs, coordinatorsOf }), isPartial };
    } finally {
      isBusy = false;
    }
  };
}
