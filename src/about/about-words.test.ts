import { expect, test } from 'vitest';
import { factLines, factsText, matching } from './about-words.ts';

const facts = {
  name: 'Sallyport',
  version: '0.1.0',
  electron: '45.4.1',
  chrome: '152',
  node: '24.1',
  platform: 'linux',
  arch: 'x64',
  device: 'kim-laptop',
  server: 'https://psm.example.org:8443',
  organisation: '',
};

test('what is not known is not listed, and a device without a server says so', () => {
  expect(factLines(facts).map(({ what }) => what)).not.toContain('Organisation');
  expect(factLines({ ...facts, server: '' })).toContainEqual({ what: 'Server', value: 'Not enrolled' });
  expect(factsText(facts)).toBe(
    'Sallyport 0.1.0\nElectron: 45.4.1\nChromium: 152\nNode.js: 24.1\nSystem: linux x64\nThis device: kim-laptop\nServer: https://psm.example.org:8443',
  );
});

test('every word must be in name, version or licence', () => {
  const entries = [
    { name: 'react', version: '19.3.0', licence: 'MIT', text: '' },
    { name: '@fontsource/commit-mono', version: '5.3.0', licence: 'OFL-1.1', text: '' },
  ];
  expect(matching(entries, ' ')).toHaveLength(2);
  expect(matching(entries, 'COMMIT ofl').map(({ name }) => name)).toEqual(['@fontsource/commit-mono']);
  expect(matching(entries, 'react ofl')).toEqual([]);
});
