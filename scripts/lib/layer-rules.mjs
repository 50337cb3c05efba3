// Who may import whom (docs/architecture.md). Data only; scripts/lib/layers.mjs reads the sources and applies it.

/**
 * @typedef {object} Layer
 * @property {string[]} local the other folders of src that it may import; an entry with a slash allows only what begins so
 * @property {'any' | 'none'} node whether Node's own modules may be imported
 * @property {string[] | 'any' | 'none'} electron the names that may be imported from Electron
 * @property {string[]} [packages] the only packages allowed; any when absent
 */

/** @type {Record<string, Layer>} */
export const layers = {
  shared: { local: [], node: 'none', electron: 'none', packages: ['zod'] },
  recording: { local: ['shared'], node: 'any', electron: 'none' },
  // What both ends of a login know of SSH: algorithms, packets, the inside of ssh2.
  ssh: { local: ['shared', 'recording'], node: 'any', electron: 'none' },
  session: { local: ['shared', 'recording', 'ssh'], node: 'any', electron: 'none' },
  replay: { local: ['shared', 'recording'], node: 'any', electron: 'none' },
  control: { local: ['shared', 'recording', 'ssh'], node: 'any', electron: 'none' },
  cli: { local: ['shared', 'recording', 'control/server.ts'], node: 'any', electron: 'none' },
  lab: { local: ['shared', 'recording', 'control'], node: 'any', electron: 'none' },
  // Grants, leases and orders are verified in main: signatures, and nothing else of the recording format.
  main: { local: ['shared', 'recording/signatures/'], node: 'any', electron: 'any' },
  preload: { local: ['shared'], node: 'none', electron: ['contextBridge', 'ipcRenderer', 'webFrame', 'webUtils'] },
  renderer: { local: ['shared'], node: 'none', electron: 'none' },
  // The window with versions and licences: static, in the launcher's own hand.
  about: { local: ['shared', 'renderer/styles/'], node: 'none', electron: 'none', packages: [] },
};

/**
 * Folders that must not know each other although their layer would allow it.
 * @type {{ from: RegExp, to: RegExp, why: string }[]}
 */
export const separations = [
  {
    from: /^src\/session\/recorder\//,
    to: /^src\/session\/port\//,
    why: 'only pipeline.ts knows both the recorder and the port',
  },
  {
    from: /^src\/session\/port\//,
    to: /^src\/session\/recorder\//,
    why: 'only pipeline.ts knows both the recorder and the port',
  },
  {
    from: /^src\/main\/control-channel\//,
    to: /^src\/main\/(?!control-channel\/|sessions\/)/,
    why: 'an order from the server may reach sessions and nothing else of the main process',
  },
];

/**
 * Names of Electron that only one place may import.
 * @type {{ name: string, only: RegExp, files: number, why: string }[]}
 */
export const guardedNames = [
  {
    name: 'ipcMain',
    only: /^src\/main\/ipc\//,
    files: 2,
    why: 'every call passes the one table that validates it, or the gate before @electron/remote',
  },
  { name: 'ipcRenderer', only: /^src\/preload\//, files: 1, why: 'pages get a narrow bridge, never raw messages' },
];

/**
 * Packages that only these files may import.
 * @type {{ name: string, only: RegExp, why: string }[]}
 */
export const guardedPackages = [
  {
    name: '@electron/remote',
    only: /^src\/(preload\/about-preload|main\/ipc\/remote-gate)\.ts$/,
    why: 'it is for the window with versions and licences, behind its gate (docs/decisions/0022-electron-remote.md)',
  },
];
