import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { OpenedLauncher } from './world.ts';

/** A secret in every form that a program would keep it in by accident, by a name for the report. The secret is ASCII, and long. */
export function formsOf(secret: string): Map<string, Buffer> {
  const bytes = Buffer.from(secret, 'utf8');
  const forms = new Map<string, Buffer>([
    ['UTF-8', bytes],
    ['UTF-16LE', Buffer.from(secret, 'utf16le')],
    ['UTF-16BE', Buffer.from(secret, 'utf16le').swap16()],
    ['reversed', Buffer.from(bytes).reverse()],
    ['reversed UTF-16LE', Buffer.from([...secret].reverse().join(''), 'utf16le')],
  ]);
  const texts = new Map<string, string>([
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
  ]);
  for (const shift of [0, 1, 2]) {
    // What stands before the secret moves it within a group of three bytes; the characters that mix it with its neighbours are cut off.
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const own = text.slice(shift === 0 ? 0 : shift + 1, (bytes.length + shift) % 3 === 0 ? undefined : -1);
    texts.set(`base64 at ${shift}`, own);
    texts.set(`base64url at ${shift}`, own.replaceAll('+', '-').replaceAll('/', '_'));
  }
  for (const [name, text] of texts) {
    forms.set(name, Buffer.from(text, 'latin1'));
    forms.set(`${name} in UTF-16LE`, Buffer.from(text, 'utf16le'));
  }
  return forms;
}

/** The forms as text, for what holds text. */
export function textFormsOf(secret: string): Map<string, string> {
  return new Map(
    [...formsOf(secret)]
      .filter(([name]) => !name.includes('UTF-16'))
      .map(([name, bytes]): [string, string] => [name, bytes.toString('latin1')]),
  );
}

/** Names of the forms that occur. */
export function formsIn(bytes: Buffer, forms: ReadonlyMap<string, Buffer>): string[] {
  return [...forms].flatMap(([name, form]) => (bytes.includes(form) ? [name] : []));
}

/** Arguments and environment of a process, as the kernel shows them (proc_pid_cmdline(5), proc_pid_environ(5)). */
export function argumentsAndEnvironment(pid: number): Buffer {
  return Buffer.concat([readFileSync(`/proc/${pid}/cmdline`), readFileSync(`/proc/${pid}/environ`)]);
}

/** All of the page's JavaScript heap, after a collection: its strings stand in the snapshot's JSON. */
export async function pageHeap({ page }: OpenedLauncher): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const chunks: Buffer[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(Buffer.from(chunk)));
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  return Buffer.concat(chunks);
}

/** The same of the main process. */
export async function mainHeap(launcher: OpenedLauncher): Promise<Buffer> {
  const file = path.join(launcher.userData, 'main.heapsnapshot');
  await launcher.app.evaluate((_electron, to) => {
    process.getBuiltinModule('node:v8').writeHeapSnapshot(to);
  }, file);
  try {
    return readFileSync(file);
  } finally {
    rmSync(file);
  }
}
