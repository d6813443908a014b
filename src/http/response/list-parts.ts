/**
 * Renders an answer with a list as JSON, in parts, so that neither many rows nor long ones keep others
 * waiting: 10,000 jobs, or one job with 100,000 nodes, are long. `rest` are the other fields, at least one.
 */
export async function* listParts(name: string, rows: Iterable<object>, rest: object): AsyncGenerator<string> {
  yield `{${JSON.stringify(name)}:[`;
  let comma = '';
  for (const row of rows) {
    yield comma + JSON.stringify(row);
    comma = ',';
  }
  yield `],${JSON.stringify(rest).slice(1)}`;
}
