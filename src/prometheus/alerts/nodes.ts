import type { Alert } from '../alert.ts';

const NODE_PAGE = '/nodes/{{ $labels.node }}';

/** Alerts on nodes and their agents. */
export const NODE_ALERTS: readonly Alert[] = [
  {
    name: 'AgentSilent',
    severity: 'warning',
    // A node that has been silent for a day is taken for one that is gone.
    expr: 'time() - hpc_agent_last_report_timestamp_seconds > 300 < 86400',
    summary: 'The agent of {{ $labels.node }} is silent',
    description:
      'It has not reported for {{ $value | humanizeDuration }}. Jobs on this node have no samples.',
    page: NODE_PAGE,
    meaning: 'The node is down or cut off, or its agent does not run. The alert ends after a day of silence.',
    steps: [
      '`systemctl status hpc-observe-agent` on the node shows whether the agent runs, and its log what it cannot reach.',
      'The agent keeps its samples and sends them when it reaches the service again.',
    ],
  },
  {
    name: 'AgentsSilent',
    severity: 'critical',
    expr: 'count(time() - hpc_agent_last_report_timestamp_seconds > 300 < 86400) / count(time() - hpc_agent_last_report_timestamp_seconds < 86400) > 0.2',
    for: '5m',
    summary: 'Many agents are silent',
    description: '{{ $value | humanizePercentage }} of the nodes have not reported for more than 5 minutes.',
    page: '/nodes',
    meaning: 'A switch or a rack is down, agents are refused, or their certificate or MUNGE key has changed.',
    steps: [
      'The page of the nodes shows which. If all are silent, look at the log of the service for refused requests.',
    ],
  },
  {
    name: 'AgentIncomplete',
    severity: 'warning',
    expr: 'hpc_agent_collector_success == 0',
    for: '15m',
    summary: 'The agent of {{ $labels.node }} cannot read everything ({{ $labels.collector }})',
    description: 'The part {{ $labels.collector }} has failed for 15 minutes. What it measures is missing.',
    page: NODE_PAGE,
    meaning: 'For example, the driver of the GPUs does not answer, or cgroups are not readable.',
    steps: ['`hpc-observe agent --once` on the node says what is amiss, and what to do.'],
  },
  {
    name: 'NodeClockDiffers',
    severity: 'warning',
    expr: 'abs(hpc_agent_clock_difference_seconds) > 60',
    for: '15m',
    summary: 'The clock of {{ $labels.node }} is wrong',
    description: 'It is {{ $value | humanizeDuration }} away from that of the head node.',
    page: NODE_PAGE,
    meaning:
      'Samples of the node lie at wrong times, and MUNGE refuses its credentials when they are five minutes apart.',
    steps: ['Check chrony or systemd-timesyncd on the node.'],
  },
  {
    name: 'NodeMemoryFull',
    severity: 'warning',
    expr: 'hpc_node_memory_available_bytes / hpc_node_memory_bytes < 0.02',
    for: '10m',
    summary: 'The memory of {{ $labels.node }} is full',
    description: '{{ $value | humanizePercentage }} of the memory is available.',
    page: NODE_PAGE,
    meaning: 'The kernel will soon kill processes, of jobs or of the system.',
    steps: [
      'The page of the node shows which job has the memory.',
      '`ConstrainRAMSpace=yes` in cgroup.conf keeps jobs within what they asked for, and `MemSpecLimit` keeps some for the system.',
    ],
  },
  {
    name: 'GPUHot',
    severity: 'warning',
    expr: 'hpc_node_gpu_temperature_celsius > 90',
    for: '10m',
    summary: 'A GPU of {{ $labels.node }} is hot',
    description: 'The {{ $labels.model }} {{ $labels.gpu }} has {{ $value | humanize }} °C.',
    page: NODE_PAGE,
    meaning: 'The GPU slows down, and may switch off.',
    steps: [
      'Check the fans and the air or water of the node; `nvidia-smi -q -d PERFORMANCE` shows whether it slows down.',
    ],
  },
];
