import { Type } from '@sinclair/typebox';
import { WRITE_ERRORS } from './error.ts';
import type { Wire } from './field.ts';
import { operation } from './operation.ts';

export const DigestWish = Type.Object(
  { wanted: Type.Boolean({ description: 'Whether you want the weekly digest' }) },
  { $id: 'DigestWish', additionalProperties: false },
);
export type DigestWish = Wire<typeof DigestWish>;

/** The wish as it is sent. */
export const DigestWishBody = Type.Object(DigestWish.properties, {
  additionalProperties: false,
  example: { wanted: false },
});

export const SAVE_DIGEST_WISH = operation({
  id: 'saveDigestWish',
  method: 'POST',
  path: '/v1/digest',
  tag: 'Cluster',
  access: 'read',
  summary: 'Say whether you want the weekly digest',
  body: { schema: DigestWishBody },
  answers: { 200: { schema: DigestWish, means: 'It is as you wish from now on' } },
  errors: WRITE_ERRORS,
  repeatable: 'always',
});

/** What a link in a digest leads to: a page with a button, because programs open links too. */
export const REFUSE_DIGEST_PATH = '/v1/digest/:link';

export const REFUSE_DIGEST = operation({
  id: 'refuseDigest',
  method: 'POST',
  path: REFUSE_DIGEST_PATH,
  tag: 'Cluster',
  access: 'public',
  summary: 'End the weekly digest of the user whom a signed link of a mail names',
  parameters: [
    {
      name: 'link',
      in: 'path',
      required: true,
      description: 'The signed part of the link',
      schema: Type.String({ minLength: 1 }),
      example: 'YWxpY2U.AAAAAAAAAAAAAAAAAAAAAA',
    },
  ],
  answers: { 200: { schema: Type.String(), type: 'text/html', means: 'It has ended' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
