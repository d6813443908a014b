import type { Alert, Recording } from './alert.ts';
import { JOB_ALERTS } from './alerts/jobs.ts';
import { NODE_ALERTS } from './alerts/nodes.ts';
import { SERVICE_ALERTS } from './alerts/service.ts';
import { SLURM_ALERTS } from './alerts/slurm.ts';
import { RECORDINGS } from './recordings.ts';

/** The groups of alerts, in the order of the rules and of docs/alerts.md. */
export const ALERT_GROUPS: Readonly<Record<string, readonly Alert[]>> = {
  service: SERVICE_ALERTS,
  slurm: SLURM_ALERTS,
  nodes: NODE_ALERTS,
  jobs: JOB_ALERTS,
};

/** Where this repository has the page with what to do. */
export const DEFAULT_RUNBOOKS = 'docs/alerts.md';

interface RulesOptions {
  /** Where docs/alerts.md is published. */
  readonly runbooks: string;
  /** The address of the pages; without it alerts have no `page`. */
  readonly publicUrl: string | null;
}

/** Returns the rules as a file of Prometheus, in YAML. */
export function renderRules(options: RulesOptions): string {
  const alerts = Object.entries(ALERT_GROUPS).map(([name, group]) => ({
    name: `hpc-observe-${name}`,
    rules: group.map((alert) => alertRule(alert, options)),
  }));
  const recorded = { name: 'hpc-observe-usage', interval: '1m', rules: RECORDINGS.map(recordingRule) };
  const text = Bun.YAML.stringify({ groups: [...alerts, recorded] }, null, 2);
  return `# Made by hpc-observe prometheus rules. Name this file under rule_files of your prometheus.yml.\n${text}\n`;
}

function alertRule(alert: Alert, { runbooks, publicUrl }: RulesOptions) {
  const { name, severity, expr, summary, description, page } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for !== undefined && { for: alert.for }),
    labels: { severity },
    annotations: {
      summary,
      description,
      runbook_url: `${runbooks}#${anchorOf(alert)}`,
      ...(page !== undefined && publicUrl !== null && { page: publicUrl + page }),
    },
  };
}

const recordingRule = ({ record, expr }: Recording) => ({ record, expr });

/** The anchor of an alert in docs/alerts.md, as GitHub and others make it of the heading. */
const anchorOf = ({ name }: Alert): string => name.toLowerCase();
