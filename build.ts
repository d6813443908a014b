import { parseArgs } from 'node:util';

// Makes ./hpc-observe, or with --all the executables of every platform in dist/.

const { values: options } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
if (!options.all) await compile('hpc-observe');

async function compile(outfile: string, target?: Bun.Build.CompileTarget): Promise<void> {
  const result = await Bun.build({
    entrypoints: ['src/main.ts', 'src/store/sqlite/thread.ts'],
    target: 'bun',
    // Identifiers stay as they are: Elysia reads the source of its handlers.
    minify: { whitespace: true, syntax: true, identifiers: false },
    define: {
      'process.env.NODE_ENV': '"production"',
      WRITER_THREAD_MODULE: '"/$bunfs/root/store/sqlite/thread.js"',
    },
    compile: {
      outfile,
      ...(target && { target }),
      // A folder's .env and bunfig.toml belong to somebody else; we may be run there as root.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, `Could not build ${outfile}.`);
}
