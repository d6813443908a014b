/** The addresses of the dashboards in Grafana, /d/UID, by which they link to each other. */
export const UIDS = {
  cluster: 'hpc-observe-cluster',
  job: 'hpc-observe-job',
  user: 'hpc-observe-user',
  node: 'hpc-observe-node',
  gpu: 'hpc-observe-gpu',
  efficiency: 'hpc-observe-efficiency',
  service: 'hpc-observe-service',
} as const;
