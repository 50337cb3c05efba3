import { describe, expect, it } from 'vitest';
import { broughtNear, placesOf } from './marked.tsx';

const near = (text: string, query: string, keep = 0) => {
  const shown = broughtNear(text, placesOf(text, query), keep);
  return { text: shown.text, marked: shown.places.map(([from, to]) => shown.text.slice(from, to)) };
};

describe('marked text', () => {
  it('finds every place, whatever the case', () => {
    expect(placesOf('Table, table', 'TABLE')).toEqual([
      [0, 5],
      [7, 12],
    ]);
    expect(placesOf('anything', '  ')).toEqual([]);
  });

  it('brings the first place near in a narrow list', () => {
    expect(near('drop table x', 'table')).toEqual({ text: 'drop table x', marked: ['table'] });
    expect(near('   7731 │ update x', 'update')).toEqual({ text: '7731 │ update x', marked: ['update'] });
    expect(near('/etc/cron.daily/settle-close:14:  settle close october --dry', 'october')).toEqual({
      text: '…tle close october --dry',
      marked: ['october'],
    });
    expect(near('select count(*) from settlement_2026_10 where x', 'settlement_2026_10', 12).marked).toEqual([
      'settlement_2026_10',
    ]);
    expect(near('select count(*) as many_of_them from october', 'october', 12)).toEqual({
      text: 'select count…them from october',
      marked: ['october'],
    });
  });
});
