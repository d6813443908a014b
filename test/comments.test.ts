import { expect, test } from 'bun:test';

/** As wide as the formatter lets code be; it does not format prose. */
const MAX_COLUMNS = 110;
/** Released migrations never change. */
const UNCHANGED = 'src/store/sqlite/migrations/';
const COMMENT = /^\s*(\/\/|\/?\*)/;

test(`no comment is wider than ${MAX_COLUMNS} columns`, async () => {
  const files = [...new Bun.Glob('{src,test}/**/*.ts').scanSync('.')].sort();
  expect(files.length).toBeGreaterThan(300);
  const faults: string[] = [];
  for (const file of files.filter((path) => !path.startsWith(UNCHANGED))) {
    const lines = (await Bun.file(file).text()).split('\n');
    for (const [index, line] of lines.entries()) {
      if (COMMENT.test(line) && [...line].length > MAX_COLUMNS) faults.push(`${file}:${index + 1}`);
    }
  }
  expect(faults).toEqual([]);
});
