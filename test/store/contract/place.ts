import type { StoreOptions } from '../../../src/domain/store/options.ts';
import type { Store } from '../../../src/domain/store/store.ts';

/** Holds one store. `open` may be called again after the store is closed, and finds everything it stored. */
export interface Place {
  open(options?: Pick<StoreOptions, 'thresholds'>): Promise<Store>;
  [Symbol.dispose](): void;
}

export type MakePlace = () => Place;

/** Opens an empty store that is closed and deleted at the end of the scope. */
export async function emptyStore(makePlace: MakePlace) {
  const place = makePlace();
  let store = await place.open();
  return {
    get store() {
      return store;
    },
    async reopen(): Promise<void> {
      await store.close();
      store = await place.open();
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      place[Symbol.dispose]();
    },
  };
}
