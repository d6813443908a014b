import { Elysia } from 'elysia';
import {
  CREATE_TOKEN,
  LIST_TOKENS,
  NewTokenBody,
  REVOKE_TOKEN,
  readNewToken,
  renderCreatedToken,
  renderToken,
  requireTokenName,
} from '../../api/token.ts';
import { AppError } from '../../domain/errors.ts';
import type { Token } from '../../domain/store/access.ts';
import type { Tokens } from '../../domain/token.ts';
import { bodyCheck } from '../request/body-check.ts';
import { callerContext } from '../request/caller.ts';
import { sendJson } from '../response/download.ts';
import { describe } from '../response/operation.ts';

const checkNewToken = bodyCheck(NewTokenBody);

/** Renders tokens one at a time, because 10,000 take longer than a turn. */
async function* tokenParts(tokens: readonly Token[]): AsyncGenerator<string> {
  yield '{"tokens":[';
  let comma = '';
  for (const token of tokens) {
    yield comma + JSON.stringify(renderToken(token));
    comma = ',';
  }
  yield ']}';
}

const NOT_WHILE_OPEN =
  'This service is open to everybody, so that anybody could make a token here. Start it without --open, or stop it, and ' +
  'run hpc-observe token create.';

/** Creates, lists and revokes the tokens of programs. */
export const tokenRoutes = ({ tokens }: { tokens: Tokens }) =>
  new Elysia({ name: 'tokens', normalize: false })
    .use(callerContext)
    .get(LIST_TOKENS.path, () => sendJson(tokenParts(tokens.list())), { detail: describe(LIST_TOKENS) })
    .post(
      CREATE_TOKEN.path,
      async ({ body, set, caller }) => {
        const by = caller.identity!;
        // The token would stay valid after the service is closed to strangers again.
        if (by.proof === 'open') throw new AppError('forbidden', NOT_WHILE_OPEN);
        const created = await tokens.create(readNewToken(checkNewToken(body)), by);
        set.status = 201;
        // A secret does not belong into any cache.
        set.headers['cache-control'] = 'no-store';
        return renderCreatedToken(created);
      },
      { detail: describe(CREATE_TOKEN) },
    )
    .delete(
      REVOKE_TOKEN.path,
      async ({ params: { name }, set, caller }) => {
        await tokens.revoke(requireTokenName(name), caller.identity!);
        set.status = 204;
      },
      { detail: describe(REVOKE_TOKEN) },
    );
