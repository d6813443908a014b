import { renderDashboards } from '../../src/grafana/dashboards.ts';

export interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly format?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly options?: unknown;
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly custom?: unknown };
    readonly overrides: readonly { readonly properties: readonly { readonly id: string }[] }[];
  };
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

/** All dashboards as Grafana reads them. */
export const DASHBOARDS: readonly Dashboard[] = [...renderDashboards('https://head01:8080/hpc').values()].map(
  (text) => JSON.parse(text),
);

/** The values that Grafana puts for its own variables, in a dashboard that shows a few minutes. */
const BUILT_IN: Readonly<Record<string, string>> = { __rate_interval: '10s' };

/** Replaces `$name` and `${name}` in a query; throws for a variable without a value. */
export const fillIn = (expr: string, values: Readonly<Record<string, string>>): string =>
  expr.replace(/\$\{?(\w+)\}?/g, (_, name: string) => {
    const value = values[name] ?? BUILT_IN[name];
    if (value === undefined) throw new Error(`There is no value of $${name} in ${expr}`);
    return value;
  });
