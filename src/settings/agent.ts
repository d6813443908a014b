import type { SettingTable } from './setting.ts';
import { integer, interval, optionalText, text } from './values.ts';

/** What the agent on a compute node reads and keeps. */
export const AGENT_SETTINGS = {
  intervalMs: {
    name: 'interval',
    takes: 'TIME',
    otherwise: '15s',
    help: 'How often the agent reads the jobs of its node',
    ...interval,
  },
  node: {
    name: 'node',
    takes: 'NAME',
    otherwise: '',
    help: 'Name of this node in Slurm; by default the name of the machine up to its first dot',
    ...optionalText,
  },
  agentSpool: {
    name: 'agent-spool',
    takes: 'FOLDER',
    otherwise: '/var/lib/hpc-observe-agent',
    help: 'Folder in which the agent keeps samples until the service has them',
    ...text,
  },
  agentSpoolBytes: {
    name: 'agent-spool-bytes',
    takes: 'NUMBER',
    otherwise: String(64 * 1024 * 1024),
    help: 'Largest size of that folder; beyond it the oldest samples are dropped',
    ...integer(1024 * 1024, 1e12),
  },
} satisfies SettingTable;
