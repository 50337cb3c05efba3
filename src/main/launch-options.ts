import { parseArgs } from 'node:util';

/** What the command line of an app that is not packaged may say. Unknown switches are Chromium's or a test driver's and are left alone. */
export interface LaunchOptions {
  /** Invite to enrol with at start, without the screen. For the laboratory: a code in argv can be seen by the machine's other users, so it is single use. */
  enrol: string | null;
  userDataDir: string | null;
  policyFile: string;
  testHooks: boolean;
  /** Copies of recordings are written here and nobody is asked. Only with the test hooks. */
  exportFolder: string | null;
  /** The laboratory's explicit fallback where user namespaces are denied. */
  noSandbox: boolean;
}

export const systemPolicyFile =
  process.platform === 'win32' ? 'C:\\ProgramData\\Sallyport\\policy.json' : '/etc/sallyport/policy.json';

/**
 * Reads the switches. A packaged app takes none of them: whoever can write a shortcut could otherwise lift the organisation's policy, turn the
 * sandbox off or open the launcher as another device.
 */
export function readLaunchOptions(argv: string[], packaged: boolean): LaunchOptions {
  if (packaged) {
    return {
      enrol: null,
      userDataDir: null,
      policyFile: systemPolicyFile,
      testHooks: false,
      exportFolder: null,
      noSandbox: false,
    };
  }
  const { values } = parseArgs({
    args: argv,
    strict: false,
    allowPositionals: true,
    options: {
      enrol: { type: 'string' },
      'user-data-dir': { type: 'string' },
      policy: { type: 'string' },
      'test-hooks': { type: 'boolean' },
      'export-folder': { type: 'string' },
      'no-sandbox': { type: 'boolean' },
    },
  });
  const text = (value: string | boolean | undefined) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    enrol: text(values.enrol),
    userDataDir: text(values['user-data-dir']),
    policyFile: text(values.policy) ?? systemPolicyFile,
    testHooks: values['test-hooks'] === true,
    exportFolder: values['test-hooks'] === true ? text(values['export-folder']) : null,
    noSandbox: values['no-sandbox'] === true,
  };
}
