import { Elysia } from 'elysia';

/**
 * Asks clients to close their connections, each with its next answer, once `isRetired`: the next connection
 * reaches the server that has taken over.
 */
export const retirement = (isRetired: () => boolean) => {
  const ask = ({ set }: { set: { headers: Record<string, unknown> } }): void => {
    if (isRetired()) set.headers.connection = 'close';
  };
  return (
    new Elysia({ name: 'retirement' })
      .onRequest((context) => ask(context))
      // A request may have begun before.
      .onAfterHandle({ as: 'global' }, (context) => ask(context))
  );
};
