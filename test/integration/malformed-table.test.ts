import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

/**
 * Every schema by which something that came from elsewhere is read, and the test that sends it what does not fit. A new one that is not in this list
 * fails: first a test, then a channel.
 */
const api = 'malformed-api.test.ts';
const channels = 'malformed-channels.test.ts';
const processes = 'malformed-processes.test.ts';
const documents = 'malformed-documents.test.ts';
const covered: Record<string, string> = {
  controlApi: api,
  launcherToControlSchema: channels,
  controlToLauncherSchema: channels,
  ipcRequests: processes,
  ipcEvents: processes,
  ownerToSessionSchema: processes,
  sessionToOwnerSchema: processes,
  screenToSessionSchema: processes,
  ownerToReplaySchema: processes,
  replayToOwnerSchema: processes,
  screenToReplaySchema: processes,
  inviteSchema: documents,
  applyDocumentSchema: documents,
  grantPayloadSchema: documents,
  leasePayloadSchema: documents,
  orderPayloadSchema: documents,
  receiptPayloadSchema: documents,
  handoverPayloadSchema: documents,
  journalHeaderSchema: documents,
  // Beside their receivers in the page, which have no other test of this kind.
  sessionToScreenSchema: '../../src/renderer/services/malformed.test.ts',
  replayToScreenSchema: '../../src/renderer/services/malformed.test.ts',
  portMessageSchema: '../../src/renderer/services/ports.test.ts',
  problemDocumentSchema: documents,
  markerSchema: documents,
  manifestHeaderSchema: documents,
  segmentLineSchema: documents,
  anchorLineSchema: documents,
  receiptLineSchema: documents,
  anchorSchema: documents,
  keysFrameSchema: documents,
  textHeaderSchema: documents,
  textEntrySchema: documents,
  endLineSchema: documents,
};

const root = path.join(import.meta.dirname, '../../src/shared');

/** Schemas and tables of schemas that the modules of a folder export, by name. */
async function exportsOf(folder: string): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const file of readdirSync(path.join(root, folder)).filter((name) => /^[a-z-]+\.ts$/.test(name))) {
    const module = (await import(path.join(root, folder, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) if (schemasIn(value).length > 0) found.set(name, value);
  }
  return found;
}

function schemasIn(value: unknown): z.ZodType[] {
  if (value instanceof z.ZodType) return [value];
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.values(value).flatMap(schemasIn);
}

/** A schema and all it is made of. */
function partsOf(schema: z.ZodType, seen = new Set<z.ZodType>()): Set<z.ZodType> {
  if (seen.has(schema)) return seen;
  seen.add(schema);
  const visit = (value: unknown): void => {
    if (value instanceof z.ZodType) partsOf(value, seen);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
      Object.values(value).forEach(visit);
  };
  visit({ ...schema._zod.def });
  if (schema instanceof z.ZodObject) visit(schema.shape);
  return seen;
}

test('every schema of a channel or a document is part of one that a test breaks', async () => {
  const all = new Map([...(await exportsOf('protocol')), ...(await exportsOf('record'))]);
  const reached = new Set<z.ZodType>();
  for (const name of Object.keys(covered)) {
    expect(all.has(name), `${name} is no longer exported: take it out of this list`).toBe(true);
    for (const schema of schemasIn(all.get(name))) for (const part of partsOf(schema)) reached.add(part);
  }
  const missing = [...all].filter(([, value]) => schemasIn(value).some((schema) => !reached.has(schema)));
  expect(missing.map(([name]) => name)).toEqual([]);
});

test('the tests of the list do use what they are listed for', () => {
  const missing = Object.entries(covered).filter(
    ([name, file]) =>
      !readFileSync(path.join(import.meta.dirname, file), 'utf8').includes(
        name.replace(/^portMessageSchema$/, 'makePorts'),
      ),
  );
  expect(missing).toEqual([]);
});
