import { describe, expect, it } from 'vitest';
import type { TargetView } from '../../../shared/model/target.ts';
import { filterChoices, groupHits, indexTargets, searchTargets } from './search.ts';

function makeTarget(name: string, rest: Partial<TargetView> = {}): TargetView {
  return {
    id: name,
    name,
    description: '',
    address: '10.0.0.1:22',
    labels: {},
    production: false,
    owner: null,
    route: 'relay',
    logins: [{ name: 'deploy', isDefault: true, credential: 'certificate' }],
    needs: [],
    hostKeyFingerprints: [],
    grantedBy: [],
    lastUsedAt: null,
    lock: null,
    unreachable: null,
    ...rest,
  };
}

const names = (query: string, targets: TargetView[]) =>
  searchTargets(indexTargets(targets), query, []).map((hit) => hit.target.name);

describe('searchTargets', () => {
  it('puts a name that begins so first, then a word that does, then the inside, then other facts', () => {
    const targets = [
      makeTarget('web-01', { labels: { team: 'pay' } }),
      makeTarget('repay-01'),
      makeTarget('old-pay-01'),
      makeTarget('pay-01'),
    ];
    expect(names('pay', targets)).toEqual(['pay-01', 'old-pay-01', 'repay-01', 'web-01']);
  });

  it('needs every word, each anywhere', () => {
    const targets = [makeTarget('pay-db-03'), makeTarget('pay-web-03'), makeTarget('hr-db-03')];
    expect(names('db pay', targets)).toEqual(['pay-db-03']);
    expect(names('DB', targets)).toEqual(['pay-db-03', 'hr-db-03']);
  });

  it('finds by login, address and production', () => {
    const targets = [makeTarget('a', { address: '10.20.8.5:22' }), makeTarget('b', { production: true })];
    expect(names('10.20.8', targets)).toEqual(['a']);
    expect(names('production', targets)).toEqual(['b']);
    expect(names('deploy', targets)).toEqual(['a', 'b']);
  });

  it('marks the letters that matched, joined where they touch', () => {
    const [hit] = searchTargets(indexTargets([makeTarget('pay-db-03')]), 'pay- ay-db', []);
    expect(hit?.marks).toEqual([[0, 6]]);
  });

  it('takes filters together with the words', () => {
    const targets = [
      makeTarget('a', { labels: { site: 'Umeå' }, production: true }),
      makeTarget('b', { labels: { site: 'Umeå' } }),
    ];
    const filters = [
      { key: 'site', value: 'Umeå' },
      { key: null, value: 'production' },
    ];
    expect(searchTargets(indexTargets(targets), '', filters).map((hit) => hit.target.name)).toEqual(['a']);
  });

  it('answers a letter over 5,000 targets within a frame or two', () => {
    const index = indexTargets(
      Array.from({ length: 5000 }, (_, at) => makeTarget(`pay-${at}`, { labels: { kind: `k${at % 9}` } })),
    );
    const before = performance.now();
    searchTargets(index, 'p', []);
    expect(performance.now() - before).toBeLessThan(100);
  });
});

describe('groupHits', () => {
  it('lists the last four used first, newest first, and each target once', () => {
    const used = (name: string, hour: number) => makeTarget(name, { lastUsedAt: `2026-11-24T0${hour}:00:00Z` });
    const hits = searchTargets(
      indexTargets([used('a', 1), used('b', 5), used('c', 3), used('d', 2), used('e', 4), makeTarget('f')]),
      '',
      [],
    );
    const groups = groupHits(hits, []).map((group) => [group.name, group.hits.map((hit) => hit.target.name).join('')]);
    expect(groups).toEqual([
      ['Recent', 'becd'],
      ['All targets', 'af'],
    ]);
    // Favourites stand above, in the order in which they were chosen, and nowhere else.
    const starred = groupHits(
      hits,
      ['f', 'gone', 'b'].map((name) => hits.find((hit) => hit.target.name === name)?.target.id ?? name),
    );
    expect(starred.map((group) => [group.name, group.hits.map((hit) => hit.target.name).join('')])).toEqual([
      ['Favourites', 'fb'],
      ['Recent', 'ecda'],
    ]);
  });
});

describe('filterChoices', () => {
  it('counts what is in the list, without what is chosen', () => {
    const hits = searchTargets(
      indexTargets([
        makeTarget('a', { labels: { k: 'x' } }),
        makeTarget('b', { labels: { k: 'x' }, production: true }),
      ]),
      '',
      [],
    );
    expect(filterChoices(hits, [])).toEqual([
      { key: 'k', value: 'x', count: 2 },
      { key: null, value: 'production', count: 1 },
    ]);
    expect(filterChoices(hits, [{ key: 'k', value: 'x' }])).toEqual([{ key: null, value: 'production', count: 1 }]);
  });
});
