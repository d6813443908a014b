import { Elysia } from 'elysia';
import { DEFAULT_COLUMNS, GET_HEAT_MAP, HEAT_MAP_PARAMETERS } from '../../api/heat-map.ts';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { READING_BY } from '../../api/reading.ts';
import { defined } from '../../domain/defined.ts';
import { MAX_COLUMNS } from '../../domain/heat-map.ts';
import { chooseFields } from '../../domain/reading-fields.ts';
import type { HeatMapQuery } from '../../domain/store/samples.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { heatMapParts } from '../response/heat-map-text.ts';
import { describe } from '../response/operation.ts';
import { sendPacked } from '../response/packed.ts';

/** Serves a field of a run as a map of nodes over time. */
export const heatMaps = ({ store }: { store: ViewStore }) =>
  new Elysia({ name: 'heat-maps', normalize: false }).use(callerContext).get(
    GET_HEAT_MAP.path,
    async ({ params: { jobId }, request, caller }) => {
      const query = readHeatMapQuery(request);
      const map = await viewOf(store, caller).mapSamples(jobId, query, request.signal);
      return sendPacked(heatMapParts(jobId, query.field, map), request);
    },
    { detail: describe(GET_HEAT_MAP) },
  );

/** Reads the parameters. Throws `validation_error`. */
function readHeatMapQuery(request: Request): HeatMapQuery {
  const parameters = readQuery(
    request,
    HEAT_MAP_PARAMETERS.map(({ name }) => name),
  );
  const by = parameters.choice('by', READING_BY);
  const [field] = chooseFields(
    [parameters.text('field') ?? (by ? 'gpu_utilization_percent' : 'cpu_usage')],
    by,
  );
  return defined<HeatMapQuery>({
    field: field!,
    columns: parameters.integer('columns', { min: 1, max: MAX_COLUMNS, otherwise: DEFAULT_COLUMNS }),
    fromMs: parameters.time('start_time'),
    toMs: parameters.time('end_time'),
    node: parameters.identity('node'),
    run: parameters.optionalInteger(RUN.name, { min: 1, max: MAX_RUN }),
    by,
  });
}
