import { describe, expect, it } from 'vitest';
import { filterChoices, parseLength } from './filter-choices.ts';
import { chipsOf, type Filters, matches, queryOf, searchOf } from './filters.ts';
import { makeRecording } from './make-recording.ts';

const now = new Date(2026, 10, 24, 14, 40).getTime();
const names = {
  users: [
    { name: 'Priya Nair', count: 4 },
    { name: 'Jonas Lindqvist', count: 2 },
  ],
  targets: [{ name: 'pay-db-03', count: 6 }],
};
const found = (text: string, mine = false) =>
  filterChoices(text, names, mine, now).map((choice) => `${choice.group}: ${choice.words}`);

describe('filters', () => {
  const all: Filters = {
    user: 'pri',
    target: 'pay',
    when: { id: 'today' },
    length: { atLeast: 600 },
    state: 'killed',
    reviewed: 'no',
    findings: 'yes',
    held: 'yes',
    kind: 'command',
  };

  it('become the question to the server', () => {
    expect(queryOf(all, now)).toEqual({
      user: 'pri',
      target: 'pay',
      from: new Date(2026, 10, 24).toISOString(),
      to: new Date(2026, 10, 25).toISOString(),
      minSeconds: 600,
      state: 'killed',
      reviewed: 'no',
      findings: 'yes',
      held: 'yes',
    });
    expect(queryOf({}, now)).toEqual({});
  });

  it('leave a search in text those that it heeds', () => {
    expect(searchOf('x y', all, true, now)).toEqual({
      text: 'x y',
      user: 'pri',
      target: 'pay',
      from: new Date(2026, 10, 24).toISOString(),
      to: new Date(2026, 10, 25).toISOString(),
      mine: 'yes',
    });
  });

  it('are chips in words', () => {
    expect(chipsOf(all, now).map((chip) => chip.words)).toEqual([
      'Today',
      'who: pri',
      'target: pay',
      'Killed',
      'Over 10 min',
      'Not reviewed',
      'With findings',
      'Legal hold',
      'Commands only',
    ]);
  });

  it('are applied here to a list from memory', () => {
    const recording = makeRecording('a', new Date(2026, 10, 24, 9).toISOString(), { durationMs: 700_000 });
    const fits = (filters: Filters) => matches(recording, filters, now);
    expect(fits({ user: 'JONAS', target: 'db-03', when: { id: 'today' }, length: { atLeast: 600 } })).toBe(true);
    expect(
      [
        { user: 'priya' },
        { target: 'edge' },
        { when: { id: 'yesterday' } },
        { length: { atMost: 60 } },
        { state: 'killed' },
        { state: 'running' },
        { reviewed: 'yes' },
        { findings: 'yes' },
        { held: 'yes' },
      ].map((filters) => fits(filters as Filters)),
    ).toEqual(Array(9).fill(false));
  });

  it('are found by words, names, days and lengths', () => {
    expect(found('last week')[0]).toBe('When: Last week');
    expect(found('pri')).toEqual(['Who: Priya Nair', 'Who: has “pri”', 'Target: has “pri”']);
    expect(found('pri', true)).toEqual(['Target: has “pri”']);
    expect(found('20 nov')).toEqual(['When: 20 Nov']);
    expect(found('over 20 min')).toEqual(['Length: Over 20 min']);
    expect(found('killed')[0]).toBe('State: Killed');
    expect(found('').length).toBeGreaterThan(15);
    expect(found('', true).some((words) => words.startsWith('Review') || words.startsWith('Who'))).toBe(false);
  });

  it.each([
    ['over 20 min', { atLeast: 1200 }],
    ['> 1 h', { atLeast: 3600 }],
    ['under 90s', { atMost: 90 }],
    ['over the moon', null],
  ])('length "%s"', (text, length) => expect(parseLength(text)).toEqual(length));
});
