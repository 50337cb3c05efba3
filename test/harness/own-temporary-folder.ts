import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/**
 * A setup file: each test file has a temporary folder of its own, which goes with it. What a test leaves behind, or a crash of one, does not pile up. Its
 * name is short (the path of a Unix socket may have 107 bytes), and other users may pass through it: some parts run as one.
 */
const before = process.env.TMPDIR;
const folder = mkdtempSync(path.join(tmpdir(), 'sp-'));
chmodSync(folder, 0o711);
process.env.TMPDIR = folder;

afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  // A process that a test has just ended may still be writing its last line.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
