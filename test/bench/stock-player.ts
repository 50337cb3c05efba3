import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readStage } from '../../src/lab/launcher/stage.ts';
import { makeLongCast } from '../harness/long-recording.ts';
import { jumpingShares } from '../harness/seeking.ts';

/** What the window said at its end. */
interface PlayerResult {
  loadMs: number;
  ms: number[];
  memoryMb: number;
}

export interface PlayerMeasure extends PlayerResult {
  megabytes: number;
  note: string;
}

const limitMs = 120_000;

/** Jumps about in a recording in asciinema-player, inside of the staged Electron's Chromium. Of the sizes, the first that it survives; null where none. */
export async function measurePlayer(options: {
  sizesMb: readonly number[];
  jumps: number;
  say(line: string): void;
}): Promise<PlayerMeasure | null> {
  const failed: string[] = [];
  for (const megabytes of options.sizesMb) {
    const result = await playOnce(megabytes, options.jumps);
    if (typeof result !== 'string') {
      options.say(`asciinema-player, ${megabytes} MB: loaded in ${Math.round(result.loadMs)} ms`);
      const note = [
        `loaded in ${(result.loadMs / 1000).toFixed(1)} s`,
        `${Math.round(result.memoryMb)} MB of memory`,
        ...failed,
      ].join('; ');
      return { ...result, megabytes, note };
    }
    failed.push(`${megabytes} MB: ${result}`);
    options.say(`asciinema-player, ${megabytes} MB: ${result}`);
  }
  return null;
}

/** Answers how many seconds it lasts. */
function writeCast(file: string, bytes: number): number {
  const descriptor = openSync(file, 'w');
  let lasts = 0;
  for (const { text, durationMs } of makeLongCast(bytes)) {
    writeSync(descriptor, text);
    lasts = durationMs;
  }
  closeSync(descriptor);
  return lasts / 1000;
}

async function playOnce(megabytes: number, jumps: number): Promise<PlayerResult | string> {
  const stage = readStage();
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-player-'));
  chmodSync(folder, 0o755);
  const cast = path.join(folder, 'recording.cast');
  const seconds = writeCast(cast, megabytes * 1e6);
  const bundle = fileURLToPath(import.meta.resolve('asciinema-player/dist/bundle/asciinema-player.css'));
  const files: Record<string, [string, string]> = {
    '/': [path.join(import.meta.dirname, 'stock-player', 'page.html'), 'text/html'],
    '/page.js': [path.join(import.meta.dirname, 'stock-player', 'page.js'), 'text/javascript'],
    '/player.css': [bundle, 'text/css'],
    '/player.js': [path.join(path.dirname(bundle), 'asciinema-player.min.js'), 'text/javascript'],
    '/recording.cast': [cast, 'text/plain'],
  };
  const server = createServer((request, response) => {
    const [file, type] = files[new URL(request.url ?? '/', 'http://localhost').pathname] ?? [];
    if (file === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type });
    createReadStream(file).pipe(response);
  });
  try {
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
    copyFileSync(path.join(import.meta.dirname, 'stock-player', 'main.cjs'), path.join(folder, 'main.cjs'));
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'player', main: 'main.cjs' }));
    const moments = [...jumpingShares(jumps + 2)].map((share) => Math.floor(share * seconds));
    const url = `http://127.0.0.1:${port}/?moments=${moments.join(',')}`;
    return await runWindow(stage.program, folder, url);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves with what the window found, or with why it found nothing. */
function runWindow(program: string, app: string, url: string): Promise<PlayerResult | string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [app, `--url=${url}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      const found = /^RESULT (.*)$/m.exec(out)?.[1];
      const why = /^FAILED (.*)$/m.exec(out)?.[1];
      if (found !== undefined) resolve(JSON.parse(found) as PlayerResult);
      else resolve(why ?? `no end within ${limitMs / 1000} s`);
    });
  });
}
