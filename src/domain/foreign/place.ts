import { MAX_GPU_NAME_LENGTH } from '../batch-measures.ts';
import { isIdentity } from '../identity.ts';

// Reads from the labels of a series which job it measures, on which node, and which GPU.

type Labels = ReadonlyMap<string, string>;

/** A run, by the id of its job or by its SLUID. */
export type ForeignJob = { readonly jobId: string } | { readonly sluid: string };

/** From dcgm-exporter, slurm-job-exporter, and cgroup_exporter's fork and Omnistat. */
const JOB_LABELS = ['hpc_job', 'slurmjobid', 'jobid'];
/** Steps and tasks of cgroup_exporter's fork, which the values of their job contain already. */
const PART_LABELS = ['step', 'task'];
const JOB_GROUP = /\/(?:job_(\d{1,20})|(s[0-9A-Z]{13}))$/;
const SLUID = /^s[0-9A-Z]{13}$/;

/** Returns the measured job; undefined if the labels name none, or only a part of one. */
export function jobOf(labels: Labels): ForeignJob | undefined {
  if (PART_LABELS.some((label) => labels.get(label))) return undefined;
  const text = firstOf(labels, JOB_LABELS) ?? ofGroup(labels.get('cgroup'));
  if (text === undefined || text === '0' || !isIdentity(text)) return undefined;
  return SLUID.test(text) ? { sluid: text } : { jobId: text };
}

function ofGroup(path: string | undefined): string | undefined {
  const [, id, sluid] = (path !== undefined && JOB_GROUP.exec(path)) || [];
  return id ?? sluid;
}

/** A site's own label first; the last ones are what a scrape adds, and attributes of OpenTelemetry. */
const NODE_LABELS = [
  ...['node', 'Hostname', 'hostname', 'nodename', 'host.name'],
  ...['instance', 'service.instance.id', 'server.address', 'net.host.name'],
];
const IPV4 = /^\d+(?:\.\d+){3}$/;

/**
 * Returns the name of the node as Slurm has it: without scheme, port and domain. Undefined if the labels name
 * none; an address is no name.
 */
export function nodeOf(labels: Labels): string | undefined {
  for (const label of NODE_LABELS) {
    const host = (labels.get(label) ?? '').replace(/^\w+:\/\//, '').replace(/:\d+$/, '');
    if (host === '' || IPV4.test(host) || host.includes(':') || host.includes('[')) continue;
    const [name = ''] = host.split('.');
    if (isIdentity(name)) return name;
  }
  return undefined;
}

const PRINTABLE = /^[!-~]+$/;

/**
 * Returns the name of a measured GPU: its UUID, with the number of the instance if it is a part (MIG). An
 * exporter that knows only indexes gives `gpu0`, or `card0` of Omnistat. Undefined if the labels name none.
 */
export function gpuOf(labels: Labels): string | undefined {
  const [uuid, index, card] = [firstOf(labels, ['UUID', 'uuid']), labels.get('gpu'), labels.get('card')];
  const part = labels.get('GPU_I_ID');
  let name = uuid;
  if (uuid !== undefined && part) name = `${uuid}.${part}`;
  else if (index !== undefined) name ??= /^\d+$/.test(index) ? `gpu${index}` : index;
  if (card !== undefined) name ??= `card${card}`;
  return name !== undefined && name.length <= MAX_GPU_NAME_LENGTH && PRINTABLE.test(name) ? name : undefined;
}

const firstOf = (labels: Labels, names: readonly string[]): string | undefined =>
  names.map((name) => labels.get(name)).find((value) => value !== undefined && value !== '');
