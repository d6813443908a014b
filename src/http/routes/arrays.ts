import { Elysia } from 'elysia';
import { ARRAY_COLUMNS, type ArrayState, GET_ARRAY, renderArray } from '../../api/array.ts';
import { summarizeArray } from '../../domain/array.ts';
import { judgeArray } from '../../domain/array-finding/judge.ts';
import type { ArrayTask } from '../../domain/array-task.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../domain/finding/thresholds.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { startPace } from '../../pace.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { sendJson } from '../response/download.ts';
import { describe } from '../response/operation.ts';

/** Tasks of one column that are written at once: some hundred microseconds. */
const PART_TASKS = 2000;

interface ArrayOptions {
  readonly store: ViewStore;
  readonly now: () => number;
  readonly thresholds?: Thresholds;
}

/** Serves all tasks of an array as one thing. */
export const arrays = ({ store, now, thresholds = DEFAULT_THRESHOLDS }: ArrayOptions) =>
  new Elysia({ name: 'arrays', normalize: false }).use(callerContext).get(
    GET_ARRAY.path,
    ({ params: { arrayId }, request, caller }) =>
      sendJson(
        arrayParts(
          makeArray(viewOf(store, caller), {
            id: arrayId,
            timeMs: now(),
            signal: request.signal,
            thresholds,
          }),
        ),
      ),
    { detail: describe(GET_ARRAY) },
  );

interface Wanted {
  readonly id: string;
  readonly timeMs: number;
  readonly signal: AbortSignal;
  readonly thresholds: Thresholds;
}

async function makeArray(view: View, { id, timeMs, signal, thresholds }: Wanted): Promise<ArrayState> {
  const { tasks, isPartial } = await view.readArray(id, timeMs, signal);
  const pace = startPace();
  const rest = async () => {
    signal.throwIfAborted();
    if (pace.isDue()) await pace.rest();
  };
  const verdict = await judgeArray(tasks, thresholds, rest);
  return { ...(await summarizeArray(tasks, rest)), id, timeMs, tasks, isPartial, verdict };
}

/** In parts, because 100,000 tasks are megabytes. */
async function* arrayParts(made: Promise<ArrayState>): AsyncGenerator<string> {
  const array = await made;
  yield `${JSON.stringify(renderArray(array)).slice(0, -1)},"tasks":{`;
  let comma = '';
  for (const [name, read] of Object.entries(ARRAY_COLUMNS)) {
    yield `${comma}${JSON.stringify(name)}:[`;
    yield* columnParts(array.tasks, read);
    yield ']';
    comma = ',';
  }
  yield '}}';
}

function* columnParts(
  tasks: readonly ArrayTask[],
  read: (task: ArrayTask) => unknown,
): Generator<string, void> {
  for (let from = 0; from < tasks.length; from += PART_TASKS) {
    const text = JSON.stringify(tasks.slice(from, from + PART_TASKS).map(read)).slice(1, -1);
    yield from === 0 ? text : `,${text}`;
  }
}
