// The ES modules of two packages whose package.json names only their CommonJS builds to Node.
declare module '@xterm/headless/lib-headless/xterm-headless.mjs' {
  export { type IBufferLine, Terminal } from '@xterm/headless';
}
declare module '@xterm/addon-unicode11/lib/addon-unicode11.mjs' {
  import type { Terminal } from '@xterm/headless';
  export class Unicode11Addon {
    activate(terminal: Terminal): void;
    dispose(): void;
  }
}
