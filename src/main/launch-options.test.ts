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
    noSandbox: false,
  });
});

test('a packaged app has no test hooks', () => {
  expect(readLaunchOptions(['--test-hooks'], true).testHooks).toBe(false);
});
