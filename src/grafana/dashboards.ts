import { buildDashboard, type Design } from './dashboard.ts';
import { CLUSTER_DASHBOARD } from './dashboards/cluster.ts';
import { EFFICIENCY_DASHBOARD } from './dashboards/efficiency.ts';
import { GPU_DASHBOARD } from './dashboards/gpu.ts';
import { JOB_DASHBOARD } from './dashboards/job.ts';
import { NODE_DASHBOARD } from './dashboards/node.ts';
import { SERVICE_DASHBOARD } from './dashboards/service.ts';
import { USER_DASHBOARD } from './dashboards/user.ts';

/** All dashboards by the names of their files. */
export const DESIGNS: Readonly<Record<string, Design>> = {
  cluster: CLUSTER_DASHBOARD,
  job: JOB_DASHBOARD,
  user: USER_DASHBOARD,
  node: NODE_DASHBOARD,
  gpu: GPU_DASHBOARD,
  efficiency: EFFICIENCY_DASHBOARD,
  service: SERVICE_DASHBOARD,
};

/** Returns the text of each dashboard by the name of its file; `pages` is the address of the pages. */
export const renderDashboards = (pages: string): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(DESIGNS).map(([name, design]) => [
      `hpc-observe-${name}.json`,
      `${JSON.stringify(buildDashboard(design, pages), null, 2)}\n`,
    ]),
  );
