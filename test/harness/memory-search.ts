import { createPrivateKey, createPublicKey } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

/** What is looked for in memory and files. */
export interface Wanted {
  /** Bytes that must not occur, by a name for the report. */
  needles: Map<string, Buffer>;
  /** Public halves (32 bytes) of ed25519 keys: any private key that belongs to one of them is a finding, whatever form it has. */
  publicKeys: Map<string, Buffer>;
}

export interface Finding {
  where: string;
  what: string;
}

/** RFC 8410: PKCS8 of an ed25519 key up to its 32 secret bytes. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
/** PROTOCOL.key of OpenSSH, as binary and as it begins in its armour (base64 of "openssh-key-v1"). */
const opensshMagic = Buffer.from('openssh-key-v1\0');
const opensshArmour = Buffer.from('b3BlbnNzaC1rZXktdjE');
const keyBytes = 32;

interface Region {
  start: number;
  end: number;
}

/** The public half of an ed25519 seed. */
export function publicOfSeed(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
}

function* occurrences(hay: Buffer, needle: Buffer): Generator<number> {
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1)) yield at;
}

/** Readable memory of a process (proc_pid_maps(5)); the kernel's own pages cannot be read. */
function regionsOf(pid: number): Region[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end, mode, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
      if (start === undefined || end === undefined || !mode?.startsWith('r') || name?.startsWith('[v')) return [];
      return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
    });
}

class ProcessMemory {
  private readonly file: number;

  constructor(pid: number) {
    this.file = openSync(`/proc/${pid}/mem`, 'r');
  }

  /** Null where the page has gone or cannot be read. */
  read(at: number, size: number): Buffer | null {
    const bytes = Buffer.allocUnsafe(size);
    try {
      return readSync(this.file, bytes, 0, size, at) === size ? bytes : null;
    } catch {
      return null;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }
}

function judgeSeed(seed: Buffer, wanted: Wanted): string | null {
  const found = publicOfSeed(seed);
  for (const [name, key] of wanted.publicKeys) if (found.equals(key)) return name;
  return null;
}

/** Looks through one stretch of bytes. */
function searchBytes(bytes: Buffer, wanted: Wanted): string[] {
  const found: string[] = [];
  for (const [name, needle] of wanted.needles) if (bytes.includes(needle)) found.push(`the bytes of ${name}`);
  for (const at of occurrences(bytes, pkcs8Head)) {
    const seed = bytes.subarray(at + pkcs8Head.length, at + pkcs8Head.length + keyBytes);
    const name = seed.length === keyBytes ? judgeSeed(seed, wanted) : null;
    if (name !== null) found.push(`${name} as PKCS8`);
  }
  for (const [name, key] of wanted.publicKeys) {
    for (const at of occurrences(bytes, key)) {
      // BoringSSL, which is Electron's, and OpenSSH both keep a private ed25519 key as seed, then public half.
      const before = bytes.subarray(Math.max(0, at - keyBytes), at);
      if (before.length === keyBytes && publicOfSeed(before).equals(key)) found.push(`${name} beside its public half`);
    }
  }
  return found;
}

const chunkBytes = 64 * 1024 * 1024;
const overlapBytes = 4096;

/** Searches all memory of a process that can be read. Returns findings and how many bytes were looked at. */
export function searchMemory(pid: number, wanted: Wanted): { findings: Finding[]; bytes: number } {
  using memory = new ProcessMemory(pid);
  const findings: Finding[] = [];
  let total = 0;
  for (const { start, end } of regionsOf(pid)) {
    for (let at = start; at < end; at += chunkBytes) {
      const size = Math.min(chunkBytes + overlapBytes, end - at);
      const bytes = memory.read(at, size) ?? readPages(memory, at, size);
      if (bytes === null) continue;
      total += bytes.length;
      const where = `memory of process ${pid}`;
      for (const what of searchBytes(bytes, wanted)) findings.push({ where, what });
    }
  }
  return { findings, bytes: total };
}

/** A region with holes, page by page; what cannot be read is zeros. Null when nothing can. */
function readPages(memory: ProcessMemory, start: number, size: number): Buffer | null {
  const page = 4096;
  const all = Buffer.alloc(size);
  let any = false;
  // Reserved address space is huge and empty: a region whose first pages are all missing is skipped.
  for (let at = 0; at < size; at += page) {
    const bytes = memory.read(start + at, Math.min(page, size - at));
    if (bytes === null) {
      if (!any && at > 64 * page) return null;
      continue;
    }
    any = true;
    bytes.copy(all, at);
  }
  return any ? all : null;
}

/** Searches every file below a folder. */
export function searchFiles(folder: string, wanted: Wanted): { findings: Finding[]; files: number } {
  const findings: Finding[] = [];
  let files = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    const facts = statSync(file, { throwIfNoEntry: false });
    if (!facts?.isFile()) continue;
    files += 1;
    const bytes = readFileSync(file);
    for (const what of searchBytes(bytes, wanted)) findings.push({ where: file, what });
    // A file of the launcher has no business with OpenSSH's private key format at all.
    if (bytes.includes(opensshMagic) || bytes.includes(opensshArmour))
      findings.push({ where: file, what: 'a key in OpenSSH form' });
  }
  return { findings, files };
}
