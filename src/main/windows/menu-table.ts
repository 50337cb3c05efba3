import type { MenuItemConstructorOptions } from 'electron';

/** An entry that asks the window for one of its commands (src/renderer/commands). Its keys are the command's own, in Electron's words, so that the menu shows them. */
export interface MenuCommand {
  id: string;
  label: string;
  accelerator?: string;
}
type Line = MenuCommand | 'rule' | { role: NonNullable<MenuItemConstructorOptions['role']> };

const rule = 'rule' as const;

/** The menus between the application's own and the window's, on macOS. */
export const menuTable: readonly { label: string; lines: readonly Line[] }[] = [
  {
    label: 'Session',
    lines: [
      { id: 'session.new', label: 'New Session', accelerator: 'Command+Shift+T' },
      { id: 'palette.open', label: 'Command Palette', accelerator: 'Command+K' },
      rule,
      { id: 'session.reconnect', label: 'Reconnect' },
      { id: 'session.disconnect', label: 'Disconnect', accelerator: 'Command+Shift+X' },
      { id: 'session.replay', label: 'Replay' },
      { id: 'session.close-tab', label: 'Close Tab' },
      rule,
      { id: 'session.next', label: 'Next Tab' },
      { id: 'session.previous', label: 'Previous Tab' },
    ],
  },
  {
    label: 'Edit',
    lines: [
      { role: 'undo' },
      { role: 'redo' },
      rule,
      { role: 'cut' },
      { role: 'copy' },
      { role: 'paste' },
      { role: 'selectAll' },
      rule,
      { id: 'session.find', label: 'Find in Terminal', accelerator: 'Command+Shift+F' },
    ],
  },
  {
    label: 'View',
    lines: [
      { id: 'view.targets', label: 'Targets', accelerator: 'Command+Shift+1' },
      { id: 'view.sessions', label: 'Sessions', accelerator: 'Command+Shift+2' },
      { id: 'view.history', label: 'My History' },
      { id: 'view.recordings', label: 'Recordings' },
      rule,
      { id: 'text.larger', label: 'Larger Terminal Text', accelerator: 'Command+Plus' },
      { id: 'text.smaller', label: 'Smaller Terminal Text', accelerator: 'Command+-' },
      { id: 'text.reset', label: 'Terminal Text as It Was Made', accelerator: 'Command+0' },
      rule,
      { id: 'theme.toggle', label: 'Dark or Light', accelerator: 'Command+Shift+L' },
      { id: 'density.toggle', label: 'Compact or Comfortable Rows' },
      rule,
      { role: 'togglefullscreen' },
    ],
  },
];

/** Beside "About" in the application's menu. */
export const settingsEntry: MenuCommand = { id: 'view.settings', label: 'Settings', accelerator: 'Command+,' };
export const helpTable: readonly MenuCommand[] = [
  { id: 'keys.open', label: 'All Keys' },
  { id: 'backlog.open', label: 'Recordings to Send' },
];

/** The whole menu bar as Electron takes it. `run` asks the window for a command; `about` opens the window with the versions. Pure. */
export function menuTemplate(actions: {
  name: string;
  run: (command: string) => void;
  about: () => void;
}): MenuItemConstructorOptions[] {
  const toItem = (line: Line): MenuItemConstructorOptions => {
    if (line === 'rule') return { type: 'separator' };
    if ('role' in line) return line;
    const { id, label, accelerator } = line;
    return { id, label, click: () => actions.run(id), ...(accelerator === undefined ? {} : { accelerator }) };
  };
  return [
    {
      label: actions.name,
      submenu: [
        { label: `About ${actions.name}`, click: actions.about },
        { type: 'separator' },
        toItem(settingsEntry),
        { type: 'separator' },
        { role: 'services' },
        { type: 'separator' },
        { role: 'hide' },
        { role: 'hideOthers' },
        { role: 'unhide' },
        { type: 'separator' },
        { role: 'quit' },
      ],
    },
    ...menuTable.map(({ label, lines }) => ({ label, submenu: lines.map(toItem) })),
    { role: 'windowMenu' },
    { role: 'help', submenu: helpTable.map(toItem) },
  ];
}
