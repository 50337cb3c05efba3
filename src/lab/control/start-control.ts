import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { LabError } from '../lab-error.ts';
import { type Running, startProcess } from '../processes.ts';

/** The line that `sallyport serve --json` prints when it can be reached. */
const listeningSchema = z.object({
  event: z.literal('listening'),
  address: z.string(),
  socket: z.string(),
  trustRoot: z.string(),
  caFile: z.string(),
});
export type Listening = z.infer<typeof listeningSchema>;

export interface Control extends Listening {
  process: Running;
  dataFolder: string;
  log: string;
}

/** A built entry point: beside the lab's own bundle, or where the build puts it when tests run the sources. Throws `LabError`. */
export function builtFile(name: string): string {
  const places = [import.meta.dirname, path.resolve(import.meta.dirname, '..', '..', '..', '.vite', 'build')];
  const file = places.map((place) => path.join(place, name)).find((each) => existsSync(each));
  if (file === undefined) throw new LabError(`${name} is not built.`, 'Run `npm run build`.');
  return file;
}

function parseListening(line: string): Listening | null {
  try {
    return listeningSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** Starts `sallyport serve` in a process of its own; resolves when it listens. Throws `LabError` with what it said when it ends before. */
export async function startControl(options: { dataFolder: string; port: number }): Promise<Control> {
  const { dataFolder, port } = options;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const log = path.join(path.dirname(dataFolder), 'control.log');
  let said = '';
  let heard: (listening: Listening) => void = () => undefined;
  const listening = new Promise<Listening>((resolve) => {
    heard = resolve;
  });
  function keep(line: string): void {
    appendFileSync(log, `${line}\n`);
    said = `${said}${line}\n`.slice(-3000);
  }
  const child = startProcess({
    name: 'control server',
    command: process.execPath,
    args: [builtFile('cli.mjs'), 'serve', '--data', dataFolder, '--listen', `127.0.0.1:${port}`, '--json'],
    onLine(line) {
      keep(line);
      const parsed = parseListening(line);
      if (parsed !== null) heard(parsed);
    },
    onErrorLine: keep,
  });
  const ended = child.exited.then((code) => {
    throw new LabError(`The control server ended before it listened (${code}):\n${said.trim()}`, `Look into ${log}.`);
  });
  const facts = await Promise.race([listening, ended]);
  ended.catch(() => undefined);
  return { ...facts, process: child, dataFolder, log };
}
