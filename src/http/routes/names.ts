import { Elysia } from 'elysia';
import { LIST_NAMES } from '../../api/name.ts';
import { invalid } from '../../domain/errors.ts';
import { NAME_KINDS } from '../../domain/name.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

/** Completes the names in a filter. */
export const names = ({ store }: { readonly store: ViewStore }) =>
  new Elysia({ name: 'names', normalize: false }).use(callerContext).get(
    LIST_NAMES.path,
    async ({ request, caller }) => {
      const query = readQuery(request, ['kind', 'prefix']);
      const kind = query.choice('kind', NAME_KINDS);
      if (kind === undefined) throw invalid(`kind is required: one of ${NAME_KINDS.join(', ')}.`);
      return { names: await viewOf(store, caller).listNames(kind, query.identity('prefix') ?? '') };
    },
    { detail: describe(LIST_NAMES) },
  );
