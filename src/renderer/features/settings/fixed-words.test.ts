import { expect, it } from 'vitest';
import { defaultSettings } from '../../../shared/protocol/ipc.ts';
import { fixedByDevice, fixedByOrganisation } from './fixed-words.ts';

it('says every setting that a policy file can fix', () => {
  const rows = fixedByDevice({ by: 'IT', settings: defaultSettings });
  expect(rows).toHaveLength(Object.keys(defaultSettings).length);
  expect(rows.find((row) => row.what === 'Notifications')?.value).toBe('killed, frozen, five minutes left');
  expect(rows.every((row) => row.value !== '')).toBe(true);
});

it('says only what is fixed, and nothing without a policy file', () => {
  expect(fixedByDevice({ by: 'IT', settings: { tray: false, scrollback: 50_000 } })).toEqual([
    { what: 'Lines kept above the screen', value: '50,000' },
    { what: 'Icon beside the clock', value: 'Off' },
  ]);
  expect(fixedByDevice(null)).toEqual([]);
});

it('says what the organisation decides', () => {
  const rows = fixedByOrganisation({
    deviceKey: 'keyring',
    recordMode: 'strict',
    spool: { quotaBytes: 4_096_000_000, keepStoredHours: 1 },
    clipboard: 'denied',
  });
  expect(rows.map((row) => row.value)).toEqual([
    'Off',
    'The session ends',
    'In the system keyring only',
    '4.1 GB',
    'Kept here for 1 hour',
  ]);
});
