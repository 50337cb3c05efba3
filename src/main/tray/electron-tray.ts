import { Menu, type NativeImage, nativeImage, Tray } from 'electron';
import templateSmall from './icons/template-16.png';
import templateLarge from './icons/template-32.png';
import small from './icons/tray-16.png';
import medium from './icons/tray-22.png';
import large from './icons/tray-32.png';
import type { TrayIcon } from './tray.ts';
import type { TrayItem } from './tray-menu.ts';

export interface TrayActions {
  open(): void;
  newSession(): void;
  show(session: string): void;
  quit(): void;
}

/** The desktop's own icon. Throws where Electron cannot make one; a Linux desktop without a StatusNotifier host takes it and shows nothing. */
export function electronTray(actions: TrayActions): TrayIcon {
  const tray = new Tray(trayImage());
  // Windows and some Linux desktops: the icon itself is a way in, its menu the other button.
  tray.on('click', () => {
    if (process.platform !== 'darwin') actions.open();
  });
  return {
    show: ({ items, tip }) => {
      tray.setToolTip(tip);
      tray.setContextMenu(Menu.buildFromTemplate(items.map((item) => toTemplate(item, actions))));
    },
    dispose: () => tray.destroy(),
  };
}

function toTemplate(item: TrayItem, actions: TrayActions): Electron.MenuItemConstructorOptions {
  if (item.line === 'rule') return { type: 'separator' };
  const { label, does } = item;
  return does === null ? { label, enabled: false } : { label, click: () => act(does, actions) };
}

function act(does: NonNullable<Extract<TrayItem, { line: 'text' }>['does']>, actions: TrayActions): void {
  if (does.what === 'show') actions.show(does.session);
  else if (does.what === 'open') actions.open();
  else if (does.what === 'new') actions.newSession();
  else actions.quit();
}

function trayImage(): NativeImage {
  if (process.platform !== 'darwin') {
    const image = nativeImage.createEmpty();
    for (const [scaleFactor, dataURL] of [
      [1, process.platform === 'win32' ? small : medium],
      [2, large],
    ] as const)
      image.addRepresentation({ scaleFactor, dataURL });
    return image;
  }
  const image = nativeImage.createFromDataURL(templateSmall);
  image.addRepresentation({ scaleFactor: 2, dataURL: templateLarge });
  image.setTemplateImage(true);
  return image;
}
