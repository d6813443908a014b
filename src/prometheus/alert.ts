/** How soon somebody must look: now, today, or when there is time. */
type Severity = 'critical' | 'warning' | 'info';

/** An alert, and what the person whom it wakes has to know. */
export interface Alert {
  /** The name; in lower case it is the anchor in docs/alerts.md. */
  readonly name: string;
  readonly severity: Severity;
  /** PromQL over families of /metrics. */
  readonly expr: string;
  /** How long the expression must hold, such as 15m; at once if left out. */
  readonly for?: string;
  /** One line with the subject, as a template of Prometheus. */
  readonly summary: string;
  /** What was measured, with its figures, as a template of Prometheus. */
  readonly description: string;
  /** The path of the page of hpc-observe that shows it, as a template of Prometheus. */
  readonly page?: string;
  /** What it means for users and administrators. Markdown. */
  readonly meaning: string;
  /** What to do, step by step. Markdown. */
  readonly steps: readonly string[];
}

/** A series that Prometheus records, so that long graphs read few series. */
export interface Recording {
  /** `level:family:operation`, as https://prometheus.io/docs/practices/rules/ names them. */
  readonly record: string;
  readonly expr: string;
  /** What it is, with its unit. */
  readonly meaning: string;
}
