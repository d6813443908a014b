import { expect, test } from 'bun:test';
import { NAME_KINDS } from '../../../src/domain/name.ts';
import { pastJob } from '../../help/builders.ts';
import { emptyStore, type MakePlace } from './place.ts';

export function names(makePlace: MakePlace) {
  test('the first names of a kind that begin with a text are listed in order', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const details = (account: string) => ({ account, partition: 'gpu', qos: 'alp', cluster: 'alps' });
    await store.createJobs([
      pastJob('1', { user: 'alice', nodes: ['n2', 'n10'], details: details('physics') }),
      pastJob('2', { user: 'alan', nodes: ['al%'], details: details('algebra') }),
      pastJob('3', { user: 'Alf', nodes: [], details: details('algebra') }),
      ...Array.from({ length: 30 }, (_, index) => pastJob(`m${index}`, { user: `many${100 + index}` })),
    ]);
    const all = NAME_KINDS.map((kind) => store.listNames(kind, 'al'));
    expect(await Promise.all(all)).toEqual([['alan', 'alice'], ['algebra'], [], ['al%']]);
    expect(await store.listNames('partition', '')).toEqual(['gpu']);
    expect(await store.listNames('node', 'n')).toEqual(['n1', 'n10', 'n2']);
    expect(await store.listNames('user', 'nobody')).toEqual([]);
    const many = await store.listNames('user', 'many');
    expect([many.length, many[0], many.at(-1)]).toEqual([20, 'many100', 'many119']);
  });

  test('a caller who may see only own jobs gets no names from the jobs of others', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const account = (name: string) => ({ details: { account: name, partition: 'gpu' } });
    await store.createJobs([
      pastJob('1', { user: 'alice', ...account('physics') }),
      pastJob('2', { user: 'bob', ...account('chem') }),
      pastJob('3', { user: 'carol', ...account('chem') }),
      pastJob('4', { user: 'dave', ...account('biology') }),
    ]);
    const seen = (user: string, accounts: string[] = []) =>
      Promise.all(NAME_KINDS.map((kind) => store.seenBy({ user, accounts }).listNames(kind, '')));
    expect(await seen('alice')).toEqual([['alice'], ['physics'], [], []]);
    expect(await seen('alice', ['chem'])).toEqual([['alice', 'bob', 'carol'], ['chem', 'physics'], [], []]);
    expect(await seen('nobody')).toEqual([[], [], [], []]);
  });
}
