import { Elysia } from 'elysia';
import { RECEIVE_OTLP, RECEIVE_OTLP_METRICS, RECEIVE_REMOTE_WRITE, renderOtlp } from '../../api/ingest.ts';
import { PROTOBUF } from '../../api/media-type.ts';
import { AppError } from '../../domain/errors.ts';
import type { ForeignRequest, ForeignSeries, IngestSource, Receipt } from '../../domain/foreign/series.ts';
import type { SampleStore } from '../../domain/store/samples.ts';
import { readBytes } from '../request/body-text.ts';
import { limitIntake } from '../request/intake.ts';
import { INGEST_INTAKE_BYTES, MAX_REMOTE_WRITE_BYTES, MAX_RESOURCE_LENGTH } from '../request/limits.ts';
import { readRows } from '../request/row-reader.ts';
import { describe } from '../response/operation.ts';

const RESOURCES = { name: 'resourceMetrics', maxRows: 10_000, maxRowLength: MAX_RESOURCE_LENGTH };
/** Values of one request of OTLP, as of remote write. */
const MAX_POINTS = 100_000;

/** One for the apps of all listeners. */
const intakes = limitIntake(INGEST_INTAKE_BYTES);

/** Reads and takes series of other exporters. */
export interface Ingest {
  /** Reads the body of remote write. `invalid_request`, `payload_too_large`. */
  readonly readRemoteWrite: (packed: Uint8Array) => Promise<ForeignRequest>;
  /** Reads one element of `resourceMetrics`. `validation_error`. */
  readonly readResource: (element: unknown) => {
    readonly series: readonly ForeignSeries[];
    readonly unread: number;
  };
  /** Resolves when the samples that the series complete are on disk. `unavailable`. */
  readonly receive: (source: IngestSource, request: ForeignRequest) => Promise<Receipt>;
}

interface IngestOptions {
  readonly store: Pick<SampleStore, 'requireRoomForBatch'>;
  readonly ingest: Ingest;
}

/** Receives what Prometheus and collectors of OpenTelemetry send on of other exporters. */
export const ingests = ({ store, ingest }: IngestOptions) => {
  async function receiveOtlp(request: Request) {
    store.requireRoomForBatch();
    using intake = intakes.open();
    const all: ForeignSeries[] = [];
    let unread = 0;
    await readRows(request, intake, RESOURCES, (rows) => {
      for (const row of rows) {
        const read = ingest.readResource(row);
        all.push(...read.series);
        unread += read.unread;
      }
      if (all.length + unread > MAX_POINTS)
        throw new AppError('payload_too_large', `A request may have at most ${MAX_POINTS} data points.`);
    });
    return renderOtlp(await ingest.receive('otlp', { series: all, unmapped: 0 }), unread);
  }

  return new Elysia({ name: 'ingests', normalize: false })
    .post(
      RECEIVE_REMOTE_WRITE.path,
      async ({ request, set }) => {
        requireVersion1(request.headers);
        store.requireRoomForBatch();
        using intake = intakes.open();
        const packed = await readBytes(request, {
          maxBytes: MAX_REMOTE_WRITE_BYTES,
          reserve: intake.reserve,
        });
        await ingest.receive('remote_write', await ingest.readRemoteWrite(packed));
        set.status = 204;
        return '';
      },
      { detail: describe(RECEIVE_REMOTE_WRITE) },
    )
    .post(RECEIVE_OTLP.path, ({ request }) => receiveOtlp(request), { detail: describe(RECEIVE_OTLP) })
    .post(RECEIVE_OTLP_METRICS.path, ({ request }) => receiveOtlp(request), {
      detail: describe(RECEIVE_OTLP_METRICS),
    });
};

const MESSAGE = 'prometheus.WriteRequest';

/** Throws `unsupported_media_type` for anything but remote write 1.0, such as its version 2. */
function requireVersion1(headers: Headers): void {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '')
    .split(';')
    .map((part) => part.trim());
  const proto = parameters.find((parameter) => parameter.startsWith('proto='))?.slice('proto='.length);
  const version = headers.get('x-prometheus-remote-write-version') ?? '0.1.0';
  const isVersion1 =
    type.toLowerCase() === PROTOBUF && (proto ?? MESSAGE) === MESSAGE && version.startsWith('0.1.');
  if (isVersion1 && headers.get('content-encoding')?.toLowerCase() === 'snappy') return;
  throw new AppError(
    'unsupported_media_type',
    `This takes remote write 1.0: Content-Type: ${PROTOBUF} with the message ${MESSAGE}, Content-Encoding: snappy.`,
  );
}
