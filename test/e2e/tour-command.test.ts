import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { builtFile } from '../../src/lab/control/start-control.ts';
import { readStage } from '../../src/lab/launcher/stage.ts';
import { runProgram } from '../../src/lab/processes.ts';
import { stepNames } from '../../src/lab/tour/report.ts';

/** The command as `npm start -- --tour` runs it once the set-up is done, in a folder of its own. */
const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-tour-'));
chmodSync(folder, 0o711);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tour(options: { json: boolean; stage?: string }) {
  const env = { ...process.env, ...(options.stage === undefined ? {} : { SALLYPORT_STAGE: options.stage }) };
  const args = [
    builtFile('lab.mjs'),
    '--tour',
    '--state',
    path.join(folder, 'lab'),
    ...(options.json ? ['--json'] : []),
  ];
  const cwd = path.join(folder, 'here');
  mkdirSync(cwd, { recursive: true });
  return runProgram(process.execPath, args, { cwd, env, timeoutMs: 170_000 });
}

const lineSchema = z.looseObject({ step: z.string(), ok: z.boolean() });
const times = z.object({ relay: z.number(), target: z.number() });

test('with --json, standard output is one object for each step, and the pictures are where they are said to be', async () => {
  const { code, stdout, stderr } = await tour({ json: true });
  const lines = stdout
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => lineSchema.parse(JSON.parse(line)));
  expect(
    lines.map((line) => [line.step, line.ok]),
    stderr,
  ).toEqual([...stepNames, 'done'].map((step) => [step, true]));
  expect(code).toBe(0);
  const step = (name: string) => lines.find((line) => line.step === name);
  expect(step('session-open')).toMatchObject({
    login: 'certificate',
    as: expect.stringMatching(/^jonas \S+ web-01$/),
    ms: expect.any(Number),
  });
  expect(step('typed')).toMatchObject({ nonce: expect.stringMatching(/^tour-[0-9a-f]{16}$/) });
  // Output, input and text, and two anchors: the grant's, and the last.
  expect(step('recording-stored')).toMatchObject({ segments: 5, bytes: expect.any(Number), lagMs: expect.any(Number) });
  expect(times.parse(step('killed')?.orderToSocketClosedMs).target).toBeLessThan(2000);
  const { screenshots } = z.object({ screenshots: z.array(z.string()) }).parse(step('done'));
  expect(screenshots.map((file) => path.relative(path.join(folder, 'here'), file))).toEqual(
    ['first-run', 'targets', 'session', 'killed', 'history', 'replay'].map(
      (name, index) => `out/tour/0${index + 1}-${name}.png`,
    ),
  );
  for (const file of screenshots) expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
});

test('for people it says the same in a line for each step, and ends non-zero when one fails', async () => {
  const stage = path.join(folder, 'stage.json');
  writeFileSync(stage, JSON.stringify({ ...readStage(), program: '/bin/false' }));
  const { code, stdout } = await tour({ json: false, stage });
  expect(stdout.toString()).toMatch(/^FAILED targets\s+[^\n]+\(SP-\d{4}\)\n$/);
  expect(code).toBe(1);
});
