import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanExit, makeRecordingWorld, type RecordingWorld, startRecorder } from './recording-fixture.ts';

/** Reads nothing but the files a recording leaves, with programs that are not ours. */
function run(world: RecordingWorld, command: string): Buffer {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', command], { cwd: world.folder, maxBuffer: 1 << 28 });
}

/** A reader of asciicast written from the documentation alone: U+10FE00 + byte is a byte, anything else is UTF-8. */
function bytesOf(cast: string, code: string): Buffer {
  const parts: Buffer[] = [];
  for (const line of cast.split('\n')) {
    if (!line.startsWith('[')) continue;
    const [, kind, data] = JSON.parse(line) as [number, string, string];
    if (kind !== code) continue;
    for (const character of data) {
      const point = character.codePointAt(0) ?? 0;
      parts.push(point >= 0x10fe00 && point <= 0x10feff ? Buffer.from([point - 0x10fe00]) : Buffer.from(character));
    }
  }
  return Buffer.concat(parts);
}

function makeOutput(): Buffer[] {
  const chunks: Buffer[] = [];
  let state = 1;
  for (let index = 0; index < 400; index += 1) {
    const chunk = Buffer.alloc(1 + ((index * 7919) % 3000));
    for (let at = 0; at < chunk.length; at += 1) {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      chunk[at] = index % 9 === 0 ? state >> 16 : 32 + ((state >> 16) % 95);
    }
    chunks.push(chunk);
  }
  chunks.push(
    Buffer.from('\x1b[31mgrüße €\x1b[0m\r\n'),
    Buffer.from([0xe2, 0x82]),
    Buffer.from([0xac, 0xff]),
    Buffer.from([0xf0, 0x9f]),
  );
  return chunks;
}

describe('a finished recording', () => {
  const outputs = makeOutput();
  let world: RecordingWorld;
  beforeAll(async () => {
    world = await makeRecordingWorld();
    const recorder = await startRecorder(world);
    for (const [index, chunk] of outputs.entries()) {
      recorder.output(chunk);
      if (index % 50 === 0) recorder.input(Buffer.from(`ls ${index}\r`));
      if (index === 7) recorder.resize(132, 43);
    }
    recorder.exit('0');
    expect(await recorder.close(cleanExit)).toEqual({ complete: true });
    writeFileSync(join(world.folder, 'allowed'), `${world.grant.sessionId} ${world.keys.sessionKey}\n`);
    writeFileSync(join(world.folder, 'key'), `${world.identities.output}\n`);
    writeFileSync(join(world.folder, 'input-key'), `${world.identities.input}\n`);
    writeFileSync(join(world.folder, 'glass-key'), `${world.identities.breakGlass}\n`);
  });

  it('has a manifest that ssh-keygen verifies and whose digests sha256sum confirms', () => {
    const signed = run(
      world,
      `ssh-keygen -Y verify -f allowed -I ${world.grant.sessionId} -n recording@sallyport -s manifest.sig < manifest`,
    );
    expect(signed.toString()).toContain('Good "recording@sallyport" signature');
    const digests = run(world, `grep '^segment ' manifest | awk '{print $5 "  " $4}' | sha256sum -c`).toString();
    const files = readdirSync(world.folder).filter((name) => name.endsWith('.cast.zst.age'));
    expect(digests.match(/OK$/gm)).toHaveLength(files.length);
    expect(files.length).toBeGreaterThan(3);
  });

  it('has a chain that head and sha256sum confirm', () => {
    const chain = run(
      world,
      `n=0; while IFS= read -r line; do n=$((n+1)); case $line in "segment "*) p=$(echo "$line" | awk '{print $(NF-1)}');; "end "*) p=$(echo "$line" | awk '{print $2}');; *) continue;; esac; [ "$p" = "$(head -n $((n-1)) manifest | sha256sum | cut -d' ' -f1)" ] && echo ok; done < manifest`,
    );
    expect(chain.toString().match(/ok/g)?.length).toBe(
      readFileSync(join(world.folder, 'manifest'), 'utf8').match(/^(segment|end) /gm)?.length,
    );
  });

  it.each(['key', 'glass-key'])("opens with age and zstd by the %s, and its bytes are the session's", (key) => {
    const cast = run(world, `for f in ??????.cast.zst.age; do age -d -i ${key} $f | zstd -d -q; done`).toString('utf8');
    expect(bytesOf(cast, 'o').equals(Buffer.concat(outputs))).toBe(true);
    expect(cast.split('\n')[0]).toMatch(/^\{"version":3,"term":\{"cols":80,"rows":24/);
    expect(cast).toMatch(/,"r","132x43"\]/);
    expect(cast.trimEnd().split('\n').at(-1)).toMatch(/,"x","0"\]$/);
  });

  it('keeps what was typed under a key of its own', () => {
    const cast = run(
      world,
      'for f in ??????.input.cast.zst.age; do age -d -i input-key $f | zstd -d -q; done',
    ).toString('utf8');
    expect(bytesOf(cast, 'i').toString()).toBe(
      outputs.map((_, index) => (index % 50 === 0 ? `ls ${index}\r` : '')).join(''),
    );
    expect(() => run(world, 'age -d -i key 000000.input.cast.zst.age 2>/dev/null')).toThrow();
    expect(() => run(world, 'age -d -i input-key 000000.cast.zst.age 2>/dev/null')).toThrow();
  });
});
