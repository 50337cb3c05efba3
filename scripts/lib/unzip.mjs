// Takes chosen entries out of a zip archive without dependencies. Format: PKWARE APPNOTE 6.3 (no zip64, stored or deflated).
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';

/**
 * @typedef {object} Entry
 * @property {string} name with forward slashes
 * @property {number} method 0 stored, 8 deflated
 * @property {number} packed bytes in the archive
 * @property {number} at offset of the local header
 * @property {boolean} executable
 */

/** @param {number} fd @param {number} position @param {number} length */
function readAt(fd, position, length) {
  const buffer = Buffer.alloc(length);
  if (readSync(fd, buffer, 0, length, position) !== length) throw new Error('the archive is cut short');
  return buffer;
}

/** @param {number} fd @returns {Entry[]} */
function directory(fd) {
  const { size } = fstatSync(fd);
  const tailLength = Math.min(size, 65_557);
  const tail = readAt(fd, size - tailLength, tailLength);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error('this is not a zip archive');
  const listing = readAt(fd, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  /** @type {Entry[]} */
  const entries = [];
  for (let at = 0; at + 46 <= listing.length && listing.readUInt32LE(at) === 0x02014b50; ) {
    const nameLength = listing.readUInt16LE(at + 28);
    entries.push({
      name: listing.toString('utf8', at + 46, at + 46 + nameLength),
      method: listing.readUInt16LE(at + 10),
      packed: listing.readUInt32LE(at + 20),
      at: listing.readUInt32LE(at + 42),
      executable: ((listing.readUInt32LE(at + 38) >>> 16) & 0o111) !== 0,
    });
    at += 46 + nameLength + listing.readUInt16LE(at + 30) + listing.readUInt16LE(at + 32);
  }
  if (entries.length !== tail.readUInt16LE(end + 10)) throw new Error('the archive is damaged');
  return entries;
}

/**
 * Writes the entries that `place` gives a path for; folders are made as needed, files readable by everyone.
 * @param {string} archive
 * @param {string} folder
 * @param {(name: string) => string | undefined} place the path below `folder`, undefined to leave the entry out
 * @returns {number} how many files were written
 * @throws when the archive is damaged or a path would leave the folder
 */
export function unzip(archive, folder, place) {
  const fd = openSync(archive, 'r');
  let written = 0;
  try {
    for (const entry of directory(fd)) {
      const wanted = entry.name.endsWith('/') ? undefined : place(entry.name);
      if (!wanted) continue;
      const target = path.resolve(folder, wanted);
      if (!target.startsWith(path.resolve(folder) + path.sep)) throw new Error(`${entry.name} would leave the folder`);
      const header = readAt(fd, entry.at, 30);
      const data = readAt(fd, entry.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28), entry.packed);
      mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
      writeFileSync(target, entry.method === 0 ? data : inflateRawSync(data), {
        mode: entry.executable ? 0o755 : 0o644,
      });
      written += 1;
    }
  } finally {
    closeSync(fd);
  }
  return written;
}
