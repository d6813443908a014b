import { variable } from './link.ts';

/** A PromQL query of a panel. */
export interface Query {
  readonly expr: string;
  /** The name of its series, such as `{{node}}`; for a table, the name of its column. */
  readonly name: string;
}

/** The parts of a query in Grafana's form. */
export const DATASOURCE = { type: 'prometheus', uid: variable('datasource') } as const;

const refIdOf = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);

/** Returns queries over the time of the dashboard. */
export const overTime = (queries: readonly Query[]) =>
  queries.map(({ expr, name }, index) => ({
    refId: refIdOf(index),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr,
    legendFormat: name,
    range: true,
  }));

/** Returns queries of the newest values, one series each. */
export const ofNow = (queries: readonly Query[]) =>
  queries.map(({ expr, name }, index) => ({
    refId: refIdOf(index),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr,
    legendFormat: name,
    instant: true,
    range: false,
  }));

/** Returns queries of the newest values as columns of a table, which `columnOf` names. */
export const asColumns = (queries: readonly Query[]) =>
  ofNow(queries).map((query) => ({ ...query, format: 'table' }));

/** The name of the column of the query at `index` before it is renamed. */
export const columnOf = (index: number): string => `Value #${refIdOf(index)}`;
