/** A link of a dashboard, a panel or a value. */
export interface Link extends Readonly<typeof FIXED> {
  readonly title: string;
  readonly url: string;
  readonly targetBlank: boolean;
}

/** What else Grafana's schema wants of a link. */
const FIXED = {
  type: 'link',
  icon: 'external link',
  tooltip: '',
  tags: [],
  asDropdown: false,
  includeVars: false,
  keepTime: false,
} as const;

/** A variable of Grafana in a text, and how it is written there, such as `percentencode` in an address. */
export const variable = (name: string, format?: string): string =>
  format === undefined ? `\${${name}}` : `\${${name}:${format}}`;

/** The address of the pages; `raw` keeps its colon and slashes. */
const PAGES = variable('hpc_observe', 'raw');

/** Links to a page of hpc-observe. The path may have variables, as `variable` writes them. */
export const toPage = (title: string, path: string): Link => ({
  ...FIXED,
  title,
  url: PAGES + path,
  targetBlank: true,
});

/** Links to one of our dashboards with its variable set, in the same time. */
export const toDashboard = (title: string, uid: string, variable: string, value: string): Link => ({
  ...FIXED,
  title,
  url: `/d/${uid}?\${datasource:queryparam}&var-${variable}=${value}&\${__url_time_range}`,
  targetBlank: false,
});

/** The value of a column of the same row, in an address. */
export const cell = (column: string): string => `\${__data.fields["${column}"]:percentencode}`;
/** The value of a label of the same series, in an address. */
export const label = (name: string): string => `\${__field.labels.${name}:percentencode}`;
