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

/**
 * Readable memory of a process (proc_pid_maps(5)) that can hold a secret of its own. Left out: the kernel's own pages, and read-only views of files,
 * which are those files.
 */
function regionsOf(pid: number): Region[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end, mode, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
      if (start === undefined || end === undefined || mode === undefined || name === undefined) return [];
      const isFile = name.startsWith('/') && !mode.includes('w');
      if (!mode.startsWith('r') || name.startsWith('[v') || isFile) return [];
      return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
    });
}

const pageBytes = 4096;

/** The parts of a region whose pages exist (proc_pid_pagemap(5), bits 63 and 62): reserved address space is huge and empty. */
function* presentRuns(pagemap: number, region: Region): Generator<Region> {
  const entries = 65_536;
  let open: number | null = null;
  for (let at = region.start; at < region.end; at += entries * pageBytes) {
    const count = Math.min(entries, (region.end - at) / pageBytes);
    const bytes = Buffer.alloc(count * 8);
    readSync(pagemap, bytes, 0, bytes.length, (at / pageBytes) * 8);
    for (let index = 0; index < count; index += 1) {
      const present = (bytes[index * 8 + 7] ?? 0) >> 6 !== 0;
      const address = at + index * pageBytes;
      if (present) open ??= address;
      else if (open !== null) {
        yield { start: open, end: address };
        open = null;
      }
    }
  }
  if (open !== null) yield { start: open, end: region.end };
}

class ProcessMemory {
  readonly pagemap: number;
  private readonly file: number;

  constructor(pid: number) {
    this.file = openSync(`/proc/${pid}/mem`, 'r');
    this.pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  }

  /** Null where a page has gone since or cannot be read. */
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
    closeSync(this.pagemap);
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

const chunkBytes = 16 * 1024 * 1024;
/** More than any form that is looked for, so that none is lost between two chunks. */
const overlapBytes = 4096;

/** Searches all memory of a process that can be read. Returns findings and how many bytes were looked at. */
export function searchMemory(pid: number, wanted: Wanted): { findings: Finding[]; bytes: number } {
  using memory = new ProcessMemory(pid);
  const findings: Finding[] = [];
  let total = 0;
  for (const region of regionsOf(pid)) {
    for (const { start, end } of presentRuns(memory.pagemap, region)) {
      for (let at = start; at < end; at += chunkBytes) {
        const bytes = memory.read(at, Math.min(chunkBytes + overlapBytes, end - at));
        if (bytes === null) continue;
        total += bytes.length;
        for (const what of searchBytes(bytes, wanted)) findings.push({ where: `memory of process ${pid}`, what });
      }
    }
  }
  return { findings, bytes: total };
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
