export const FORMATS = ['parquet', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

export const TABLES = ['jobs', 'summaries', 'samples'] as const;
export type TableName = (typeof TABLES)[number];

/** The type of a column, in Parquet's words. */
export type ColumnType = 'STRING' | 'INT64' | 'DOUBLE' | 'TIMESTAMP';

/** A value of a row; times are milliseconds since 1970. Undefined where it is not known. */
export type Cell = string | number | undefined;

/** What one row of a source becomes, column by column. */
export interface Table<Source> {
  readonly columns: readonly {
    readonly name: string;
    readonly type: ColumnType;
    readonly read: (source: Source) => Cell;
  }[];
}
