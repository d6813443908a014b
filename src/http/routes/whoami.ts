import { Elysia } from 'elysia';
import { type Reception, renderWhoami, WHOAMI } from '../../api/whoami.ts';
import { callerContext } from '../request/caller.ts';
import { describe } from '../response/operation.ts';

/** Tells callers who they are for the service, and how. */
export const whoami = ({ describeReception }: { readonly describeReception: () => Reception }) =>
  new Elysia({ name: 'whoami', normalize: false })
    .use(callerContext)
    .get(WHOAMI.path, ({ caller }) => renderWhoami(caller, describeReception()), {
      detail: describe(WHOAMI),
    });
