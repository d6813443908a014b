import snappy from '../../node_modules/snappy-wasm/es/snappy_bg.wasm' with { type: 'file' };
import { isForeignName } from '../domain/foreign/metric.ts';
import type { SampleStore } from '../domain/store/samples.ts';
import type { Ingest } from '../http/routes/ingests.ts';
import { readResource } from '../ingest/otlp.ts';
import { createReceiver } from '../ingest/receiver.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** How often samples are looked for that have settled. */
const SETTLE_EVERY_MS = 1000;
const STOP_MS = 2000;

interface IngestOptions {
  readonly store: Pick<SampleStore, 'recordSamples' | 'listSamples'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'ingest' | 'watchLoop'>;
}

interface RunningIngest {
  readonly routes: Ingest;
  readonly loop: Repeat;
  readonly flush: () => Promise<void>;
}

/** Makes samples of the series of other exporters. When it stops, it stores what waits and is whole. */
export function ingestPart({ store, now, log, metrics }: IngestOptions): Part<RunningIngest> {
  return {
    name: 'ingest',
    stopWithinMs: STOP_MS,
    start() {
      const receiver = createReceiver({ store, now, ...metrics.ingest });
      const loop = repeat({
        everyMs: SETTLE_EVERY_MS,
        run: async () => void (await receiver.settle()),
        onError: (cause) => log.warn('ingest_failed', { cause }),
      });
      metrics.watchLoop('ingest', loop.state);
      return {
        routes: { readRemoteWrite: loadRemoteWrite(), readResource, receive: receiver.receive },
        loop,
        flush: receiver.flush,
      };
    },
    async stop({ loop, flush }) {
      await loop.stop();
      await flush();
    },
  };
}

/** Returns a function that loads what reads remote write at its first call: most sites never send any. */
export function loadRemoteWrite(): Ingest['readRemoteWrite'] {
  let loading: Promise<Ingest['readRemoteWrite']> | undefined;
  async function load() {
    const { loadSnappy, readRemoteWrite } = await import('../ingest/remote-write.ts');
    // With `type: 'file'` it is a path, whatever the declaration beside the file says.
    loadSnappy(await Bun.file(snappy as unknown as string).bytes());
    return (packed: Uint8Array) => readRemoteWrite(packed, isForeignName);
  }
  return async (packed) => {
    loading ??= load();
    return (await loading)(packed);
  };
}
