import { expect, test } from 'vitest';
import { readLaunchOptions, systemPolicyFile } from './launch-options.ts';

test('switches are read beside those of Chromium and of a test driver', () => {
  expect(
    readLaunchOptions(
      [
        '--inspect=0',
        '--remote-debugging-port=0',
        '/app',
        '--enrol=sallyport-x',
        '--user-data-dir',
        '/data',
        '--test-hooks',
      ],
      false,
    ),
  ).toEqual({
    enrol: 'sallyport-x',
    userDataDir: '/data',
    policyFile: systemPolicyFile,
    testHooks: true,
    exportFolder: null,
    noSandbox: false,
  });
});

test.each([
  '--test-hooks',
  '--enrol=sallyport-x',
  '--user-data-dir=/data',
  '--policy=/tmp/policy.json',
  '--no-sandbox',
])('a packaged app does not take %s', (given) => {
  expect(readLaunchOptions([given], false)).not.toEqual(readLaunchOptions([], false));
  expect(readLaunchOptions([given], true)).toEqual(readLaunchOptions([], true));
});
