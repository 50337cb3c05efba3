import { basename, dirname, extname, join } from 'node:path';
import { app, type BrowserWindow, dialog } from 'electron';

/** Where the last copy went: the next one is offered there. */
let lastFolder: string | null = null;

const kinds: Record<string, string> = { '.cast': 'asciicast', '.txt': 'Text' };

/** Asks where a file that would be called `name` is to be written; null: nowhere. What is there already is replaced only when the person says so. `folder`, for tests: there, without a question. */
export async function saveAs(
  window: BrowserWindow | null,
  name: string,
  folder: string | null,
): Promise<string | null> {
  if (folder !== null) return join(folder, name);
  const extension = extname(name);
  const options: Electron.SaveDialogOptions = {
    title: 'Export a copy',
    buttonLabel: 'Export',
    defaultPath: join(lastFolder ?? app.getPath('documents'), basename(name)),
    filters: [{ name: kinds[extension] ?? 'File', extensions: [extension.slice(1)] }],
    properties: ['createDirectory', 'showOverwriteConfirmation'],
  };
  const { canceled, filePath } =
    window === null ? await dialog.showSaveDialog(options) : await dialog.showSaveDialog(window, options);
  if (canceled || filePath === undefined || filePath === '') return null;
  lastFolder = dirname(filePath);
  return filePath;
}
