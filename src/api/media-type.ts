/** The formats of a list: one JSON document, or row by row. */
export const ROW_FORMATS = ['json', 'csv', 'ndjson'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

export const MEDIA_TYPE = {
  json: 'application/json',
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
} as const satisfies Record<RowFormat, string>;

/** Returns the Content-Type of a list. JSON is always in UTF-8. */
export const contentTypeOf = (format: RowFormat): string =>
  format === 'json' ? MEDIA_TYPE.json : `${MEDIA_TYPE[format]}; charset=utf-8`;

/** What remote write sends (`src/api/ingest.ts`). */
export const PROTOBUF = 'application/x-protobuf';
