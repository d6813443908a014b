import type { Design } from '../dashboard.ts';
import { cell, label, toDashboard, toPage } from '../link.ts';
import { bars, stat, table, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const MODEL = '{model=~"$model"}';
/** Below this, in percent, a GPU does nothing worth its power. */
const IDLE_BELOW = 5;

/** All GPUs: how busy, full, hot they are and what they draw, by model; and who lets theirs idle. */
export const GPU_DASHBOARD: Design = {
  uid: UIDS.gpu,
  title: 'GPUs',
  about: 'All GPUs of the cluster, by model, and the jobs that do not use theirs.',
  choices: [
    { name: 'model', label: 'Model', family: 'hpc_node_gpu_utilization_percent', of: 'model', isMulti: true },
  ],
  page: toPage('Nodes and free GPUs', '/nodes'),
  rows: [
    {
      height: 4,
      panels: [
        stat({ title: 'GPUs', unit: 'count', expr: `count(hpc_node_gpu_utilization_percent${MODEL})` }),
        stat({
          title: 'Utilization',
          unit: 'percent',
          expr: `avg(hpc_node_gpu_utilization_percent${MODEL})`,
        }),
        stat({
          title: `Below ${IDLE_BELOW} %`,
          about: 'GPUs that do almost nothing, held by a job or not.',
          unit: 'count',
          expr: `count(hpc_node_gpu_utilization_percent${MODEL} < ${IDLE_BELOW}) or 0 * count(hpc_node_gpu_utilization_percent${MODEL})`,
        }),
        stat({
          title: 'Memory in use',
          unit: 'share',
          expr: `sum(hpc_node_gpu_memory_used_bytes${MODEL}) / sum(hpc_node_gpu_memory_bytes${MODEL})`,
        }),
        stat({ title: 'Power', unit: 'watts', expr: `sum(hpc_node_gpu_power_watts${MODEL})` }),
        stat({
          title: 'Hottest',
          unit: 'celsius',
          expr: `max(hpc_node_gpu_temperature_celsius${MODEL})`,
          thresholds: [
            [85, 'yellow'],
            [90, 'red'],
          ],
        }),
      ],
    },
    {
      title: 'By model',
      height: 8,
      panels: [
        timeSeries({
          title: 'Utilization',
          unit: 'percent',
          max: 100,
          queries: [{ name: '{{model}}', expr: `avg by (model) (hpc_node_gpu_utilization_percent${MODEL})` }],
        }),
        timeSeries({
          title: 'Memory in use',
          unit: 'share',
          max: 1,
          queries: [
            {
              name: '{{model}}',
              expr: `sum by (model) (hpc_node_gpu_memory_used_bytes${MODEL}) / sum by (model) (hpc_node_gpu_memory_bytes${MODEL})`,
            },
          ],
        }),
        timeSeries({
          title: 'Power',
          unit: 'watts',
          stacked: true,
          queries: [{ name: '{{model}}', expr: `sum by (model) (hpc_node_gpu_power_watts${MODEL})` }],
        }),
      ],
    },
    {
      title: 'Held and not used',
      height: 10,
      panels: [
        bars({
          title: `Held GPUs below ${IDLE_BELOW} % for an hour, by user`,
          unit: 'count',
          colour: 'orange',
          queries: [
            {
              name: '{{user}}',
              expr: `sort_desc(topk(10, count by (user) (max_over_time(hpc_job_gpu_device_utilization_percent[1h]) < ${IDLE_BELOW})))`,
            },
          ],
          valueLinks: [
            toDashboard('Dashboard of the user', UIDS.user, 'user', label('user')),
            toPage('Page of the user', `/users/${label('user')}`),
          ],
        }),
        table({
          title: 'Hottest GPUs',
          rows: {
            node: [
              toDashboard('Dashboard of the node', UIDS.node, 'node', cell('node')),
              toPage('Page of the node', `/nodes/${cell('node')}`),
            ],
            gpu: [],
            model: [],
          },
          columns: [
            {
              name: 'Temperature',
              unit: 'celsius',
              expr: `topk(10, max by (node, gpu, model) (hpc_node_gpu_temperature_celsius${MODEL}))`,
            },
          ],
          largestFirst: 'Temperature',
        }),
      ],
    },
  ],
};
