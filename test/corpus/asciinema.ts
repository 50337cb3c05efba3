import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/lib/paths.mjs';

/** asciinema 3: the one of the cache folder (`npm run asciinema`), else that of this machine. Null where there is none. */
export function findAsciinema(): string | null {
  const built = join(cacheFolder(), 'asciinema', 'bin', 'asciinema');
  const candidates = [...(existsSync(built) ? [built] : []), 'asciinema'];
  return (
    candidates.find((program) => / 3\./.test(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '')) ??
    null
  );
}

/** Lets asciinema read a whole asciicast and write out what a terminal would get. Returns what is wrong, or null. */
export function checkAsciicast(program: string, cast: Buffer, output: string): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cast-'));
  try {
    const from = join(folder, 'in.cast');
    const to = join(folder, 'out.raw');
    writeFileSync(from, cast);
    const { status, stderr } = spawnSync(program, ['convert', '-f', 'raw', from, to], { encoding: 'utf8' });
    if (status !== 0) return `asciinema refused it: ${stderr.trim()}`;
    // It begins with the size, as xterm's control sequence for it.
    const raw = readFileSync(to, 'utf8').replace(/^\x1b\[8;\d+;\d+t/, '');
    return raw === output ? null : 'asciinema reads other output out of it';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
