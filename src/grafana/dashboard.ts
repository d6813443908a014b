import type { Link } from './link.ts';
import type { Panel } from './panel.ts';
import { DATASOURCE } from './query.ts';

/** The version of the form of dashboards: Grafana 10.4, and later ones read it. */
const SCHEMA_VERSION = 39;
/** A dashboard is 24 columns wide. */
const COLUMNS = 24;
const TAG = 'hpc-observe';

/** A list from which the reader chooses, by the values of a label. */
export interface Choice {
  readonly name: string;
  readonly label: string;
  /** The family and the label that have the values. */
  readonly family: string;
  readonly of: string;
  /** Several values, and all of them, may be chosen. */
  readonly isMulti?: true;
}

/** Panels of equal width beside each other, under a heading where there is one. */
interface Row {
  readonly title?: string;
  readonly height: number;
  readonly panels: readonly Panel[];
}

/** A dashboard without the address of the pages. */
export interface Design {
  /** Its address in Grafana, /d/UID, which stays the same when it is imported again. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly choices?: readonly Choice[];
  /** To the page of hpc-observe that shows the same. */
  readonly page: Link;
  /** From when on it shows; six hours if left out. */
  readonly from?: string;
  readonly rows: readonly Row[];
}

/** Returns a dashboard as JSON that Grafana imports and provisions as it is. */
export function buildDashboard(
  { uid, title, about, choices = [], page, from = 'now-6h', rows }: Design,
  pages: string,
) {
  return {
    id: null,
    uid,
    title: `HPC / ${title}`,
    description: about,
    tags: [TAG],
    timezone: 'browser',
    editable: true,
    graphTooltip: 1,
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    refresh: '1m',
    time: { from, to: 'now' },
    annotations: { list: [] },
    templating: { list: [datasourceVariable, addressVariable(pages), ...choices.map(choiceVariable)] },
    links: [toOthers, page],
    panels: placePanels(rows),
  };
}

/** A menu of our other dashboards. */
const toOthers = {
  type: 'dashboards',
  title: 'HPC',
  icon: 'dashboard',
  tooltip: '',
  tags: [TAG],
  asDropdown: true,
  targetBlank: false,
  includeVars: true,
  keepTime: true,
};

/**
 * Chosen in the dashboard, the first Prometheus by default. Grafana asks for `__inputs` at an import, but not
 * where files are provisioned.
 */
const datasourceVariable = {
  type: 'datasource',
  name: 'datasource',
  label: 'Prometheus',
  query: 'prometheus',
  refresh: 1,
  hide: 0,
};

const addressVariable = (pages: string) => ({
  type: 'constant',
  name: 'hpc_observe',
  label: 'Address of the pages of hpc-observe',
  query: pages,
  current: { text: pages, value: pages, selected: true },
  hide: 2,
  skipUrlSync: true,
});

const choiceVariable = ({ name, label, family, of, isMulti }: Choice) => {
  const query = `label_values(${family}, ${of})`;
  return {
    type: 'query',
    name,
    label,
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: 'A' },
    refresh: 2,
    sort: 1,
    ...(isMulti && {
      multi: true,
      includeAll: true,
      allValue: '.*',
      current: { text: ['All'], value: ['$__all'] },
    }),
  };
};

function placePanels(rows: readonly Row[]) {
  const placed: Record<string, unknown>[] = [];
  let [id, y] = [1, 0];
  for (const { title, height, panels } of rows) {
    if (title !== undefined) {
      placed.push({
        type: 'row',
        id: id++,
        title,
        collapsed: false,
        gridPos: { h: 1, w: COLUMNS, x: 0, y: y++ },
        panels: [],
      });
    }
    const w = Math.floor(COLUMNS / panels.length);
    for (const [index, panel] of panels.entries())
      placed.push({ ...panel, id: id++, gridPos: { h: height, w, x: index * w, y } });
    y += height;
  }
  return placed;
}
