import { invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';

// An event file (written by hook.sh) is a list of texts, each ended by a zero byte, which no variable can
// contain: FIRST, NAME=value for each variable of the hook that has a value, and LAST.
const FIRST = 'hpc-observe hook 1';
const LAST = 'end';

/**
 * Larger than any event: Slurm limits most texts to 1024 characters, and Linux a variable, such as the node
 * list, to 128 KiB.
 */
export const MAX_EVENT_BYTES = 1024 * 1024;
export type Variables = ReadonlyMap<string, string>;

/** Reads an event file. Throws `validation_error` for one that is incomplete, too large or something else. */
export function readVariables(bytes: Uint8Array): Variables {
  if (bytes.length === 0) throw invalidEvent('is empty');
  if (bytes.length > MAX_EVENT_BYTES) throw invalidEvent(`is larger than ${MAX_EVENT_BYTES} bytes`);
  const [first, ...texts] = new TextDecoder().decode(bytes).split('\0');
  if (first !== FIRST) throw invalidEvent(`begins with ${quote(first!)} instead of ${quote(FIRST)}`);
  // The zero byte of the last text is the last byte.
  if (texts.pop() !== '' || texts.pop() !== LAST) throw invalidEvent('is incomplete');
  const variables = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw invalidEvent(`contains ${quote(text)} instead of a variable`);
    variables.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return variables;
}

const GPU_VARIABLES = [
  'SLURM_JOB_GPUS',
  'CUDA_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'ZE_AFFINITY_MASK',
  'GPU_DEVICE_ORDINAL',
];

/**
 * Reads the GPUs of the job on this node: the first variable with UUIDs, else the first with indexes. A UUID
 * identifies a device independently of their order, and it is the only name of a MIG slice.
 */
export function readGpuIds(variables: Variables): string[] | undefined {
  const lists = GPU_VARIABLES.map((variable) => (variables.get(variable) ?? '').split(',')).filter(
    // "NoDevFiles" is Slurm's word for no GPU.
    (ids) => ids.every((id) => isIdentity(id) && id !== 'NoDevFiles'),
  );
  return lists.find((ids) => ids.every((id) => /^(GPU|MIG)-/.test(id))) ?? lists[0];
}

/** The error for an event that cannot be used. */
export const invalidEvent = (fault: string) => invalid(`The event ${fault}.`);
