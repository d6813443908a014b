import { mkdirSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { version } from './package.json';

// Makes ./hpc-observe; with --all the executables of every platform, and their checksums, in dist/.

/** Bun fetches what it needs of other platforms from npm. */
const TARGETS = ['linux-x64', 'linux-x64-baseline', 'linux-arm64', 'linux-x64-musl'] as const;

const { values: options } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
if (options.all) await compileAll();
else await compile('hpc-observe');

async function compileAll(): Promise<void> {
  rmSync('dist', { recursive: true, force: true });
  mkdirSync('dist');
  let checksums = '';
  for (const target of TARGETS) {
    const name = `hpc-observe-${target}`;
    await compile(`dist/${name}`, `bun-${target}`);
    const checksum = new Bun.CryptoHasher('sha256')
      .update(await Bun.file(`dist/${name}`).bytes())
      .digest('hex');
    checksums += `${checksum}  ${name}\n`;
    console.log(`dist/${name}: ${startOnce(`dist/${name}`)}`);
  }
  await Bun.write('dist/SHA256SUMS', checksums);
}

async function compile(outfile: string, target?: Bun.Build.CompileTarget): Promise<void> {
  const result = await Bun.build({
    entrypoints: ['src/main.ts', 'src/store/sqlite/writer/thread.ts'],
    target: 'bun',
    // Identifiers stay as they are: Elysia reads the source of its handlers.
    minify: { whitespace: true, syntax: true, identifiers: false },
    define: {
      'process.env.NODE_ENV': '"production"',
      WRITER_THREAD_MODULE: '"/$bunfs/root/store/sqlite/writer/thread.js"',
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

/** Starts an executable and checks that it tells its version; one that this machine cannot run is only said so. */
function startOnce(path: string): string {
  const foreign = 'built, cannot be started on this machine';
  let child: Bun.SyncSubprocess<'pipe', 'pipe'>;
  try {
    child = Bun.spawnSync([path, 'version'], { stdout: 'pipe', stderr: 'pipe' });
  } catch {
    return foreign;
  }
  // 127 is the loader's: another libc.
  if (child.exitCode === 127) return foreign;
  if (child.stdout.toString().trim() !== version) throw new Error(`${path} does not start: ${child.stderr}`);
  return 'built, starts';
}
