import { parseListener } from './listener.ts';
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
  agentListen: {
    name: 'agent-listen',
    takes: 'ADDRESS:PORT',
    otherwise: '',
    help: 'Serve /metrics of this node to anybody there; without --server nothing is sent then',
    expects: 'an address such as 10.1.2.3:9410, [::]:9410 or :9410',
    parse: (value: string) => {
      if (value === '') return null;
      const listener = parseListener(value.startsWith(':') ? `127.0.0.1${value}` : value);
      return listener?.kind === 'tcp' && !listener.isPlain ? listener : undefined;
    },
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
