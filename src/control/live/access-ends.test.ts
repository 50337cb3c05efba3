import { expect, it } from 'vitest';
import { makeAccessEnds } from './access-ends.ts';

type Parts = Parameters<typeof makeAccessEnds>[0];

/** Two relayed sessions of two people whose target is not there any more; what of `failing` is read or stored fails. */
function twoSessions(failing: string) {
  const cut: string[] = [];
  const ended: string[] = [];
  const sessions = ['one', 'two'].map((id) => ({ id, user_id: id, target_id: 'gone', route: 'relay' }));
  const store = async (id: string) => {
    if (id === failing) throw new Error(`${id} cannot be stored`);
    ended.push(id);
  };
  /** As much of a query as is asked: by id one row, without one all. */
  const selectFrom = (table: string) => {
    let asked = '';
    const query = {
      selectAll: () => query,
      select: () => query,
      where(_column: string, operator: string, value: string) {
        if (operator === '=') asked = value;
        return query;
      },
      execute: async () => sessions,
      async executeTakeFirst() {
        if (table === 'people' && asked === `person ${failing}`) throw new Error('the database is away');
        return table === 'people' ? { id: asked, name: asked, roles: [], groups: [] } : undefined;
      },
    };
    return query;
  };
  const parts = {
    core: { reader: { selectFrom } },
    broker: { forget: () => undefined },
    leases: { stop: () => undefined },
    relay: { end: (id: string) => cut.push(id) },
    ends: { accessOver: store, lapsed: store },
  };
  return { cut, ended, sessions, accessEnds: makeAccessEnds(parts as unknown as Parts) };
}

it('a session whose end cannot be stored keeps no other running, and the failure is told for another try', async () => {
  const { accessEnds, cut, ended } = twoSessions('one');
  await expect(accessEnds.recheck()).rejects.toThrow('one cannot be stored');
  expect([cut, ended]).toEqual([['one', 'two'], ['two']]);
});

it('nor does one whose person cannot be looked up', async () => {
  const { accessEnds, cut, ended, sessions } = twoSessions('one');
  for (const session of sessions) session.user_id = `person ${session.id}`;
  await expect(accessEnds.recheck()).rejects.toThrow('the database is away');
  expect([cut, ended]).toEqual([['two'], ['two']]);
});

it('nor when the access was revoked', async () => {
  const { accessEnds, cut, ended } = twoSessions('one');
  await expect(accessEnds.revoked('request')).rejects.toThrow('one cannot be stored');
  expect([cut, ended]).toEqual([['one', 'two'], ['two']]);
});
