import type { ErrorCode } from '../domain/errors.ts';
import { MEASURES, type MeasureName } from '../domain/measure.ts';
import { DetailFields } from './detail.ts';
import { ERROR_MEANING, ERROR_STATUS } from './error.ts';
import type { Schema } from './field.ts';
import { JobFields } from './job.ts';
import { LIST_PARAMETERS } from './job-list.ts';
import { NodeReportBody } from './node-report.ts';
import type { Operation, Parameter } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { PastJobBody } from './past-job.ts';
import { SampleAnswer } from './sample.ts';
import { READING_PARAMETERS } from './sample-list.ts';
import { SampleRowBody } from './sample-row.ts';

type Fields = Readonly<Record<string, Schema>>;

const REPEATABLE: Record<Operation['repeatable'], string> = {
  always: 'yes',
  timestamped: 'with timestamps',
  never: 'no',
};

/** The tables of docs/api.md by name. */
const TABLES: Readonly<Record<string, () => string>> = {
  operations: () =>
    table(
      ['Request', 'What it does', 'Safe to repeat'],
      OPERATIONS.map(({ method, path, summary, repeatable }) => [
        `\`${method} ${path.replace(/:(\w+)/, '{$1}')}\``,
        summary,
        REPEATABLE[repeatable],
      ]),
    ),
  errors: () =>
    table(
      ['Status', '`error`', 'Meaning'],
      (Object.keys(ERROR_STATUS) as ErrorCode[]).map((code) => [
        String(ERROR_STATUS[code]),
        `\`${code}\``,
        ERROR_MEANING[code],
      ]),
    ),
  'job-parameters': () => parameters(LIST_PARAMETERS),
  'sample-parameters': () => parameters(READING_PARAMETERS),
  job: () => fields(JobFields),
  'job-rows': () => fields(ownFields(PastJobBody.properties), PastJobBody.required),
  sample: () => fields(SampleAnswer.properties),
  'node-report': () => fields(NodeReportBody.properties, NodeReportBody.required),
  'sample-rows': () => fields(documentedFields(SampleRowBody.properties), SampleRowBody.required),
};

/**
 * Returns a page with its tables, which stand between
 * `<!-- table: NAME -->` and `<!-- end -->`, rendered anew.
 */
export const renderApiTables = (page: string): string =>
  page.replace(/(<!-- table: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, start, name, end) => {
    const render = TABLES[name];
    if (!render) throw new Error(`The API has no table called ${name}.`);
    return `${start}${render()}${end}`;
  });

const parameters = (list: readonly Parameter[]): string =>
  table(
    ['Parameter', 'Type', 'Default', 'Meaning'],
    list.map(({ name, schema, description, explode }) => [
      `\`${name}\``,
      explode === false ? 'names' : typeOf(schema),
      schema.default === undefined ? '' : `\`${schema.default}\``,
      description,
    ]),
  );

/** Returns the fields of a job without its details. */
const ownFields = (all: Fields): Fields =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !(name in DetailFields)));

/** Returns the fields of a sample without its further measures. */
const documentedFields = (all: Fields): Fields =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !MEASURES.has(name as MeasureName)));

function fields(all: Fields, required: readonly string[] = []): string {
  const rows = Object.entries(all).map(([name, schema]) => [
    `\`${name}\`${required.includes(name) ? ' (required)' : ''}`,
    typeOf(schema),
    schema.description ?? '',
  ]);
  return table(['Field', 'Type', 'Meaning'], rows);
}

/** Returns the type of a schema in words. */
function typeOf({ type, format, anyOf, items, minimum, maximum }: Schema): string {
  if (anyOf) return anyOf.map((choice: { const: string }) => `\`${choice.const}\``).join(', ');
  if (type === 'array') return `array of ${typeOf(items)}s`;
  if (format === 'moment' || format === 'date-time') return 'time';
  if (minimum === undefined || maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return type;
  return `${type}, ${minimum} to ${maximum}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
