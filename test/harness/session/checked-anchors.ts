import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkAnchorClaims,
  checkAnchorSecret,
  openAnchorSecret,
  parseAnchor,
} from '../../../src/recording/evidence/anchor.ts';
import { parseManifest } from '../../../src/recording/manifest/parse-manifest.ts';
import type { Anchor } from '../../../src/shared/record/anchors.ts';
import type { Manifest } from '../../../src/shared/record/manifest.ts';
import type { World } from './session-world.ts';

/** Every anchor of a session's folder, each checked with its secret; throws at the first that does not hold. */
export async function checkedAnchors(
  world: Pick<World, 'folder' | 'identities' | 'grant'>,
): Promise<{ manifest: Manifest; anchors: (Anchor & { secretBytes: Buffer })[] }> {
  const manifest = parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8'));
  const anchors: (Anchor & { secretBytes: Buffer })[] = [];
  for (const line of manifest.anchors) {
    const stored = readFileSync(join(world.folder, line.file));
    const anchor = parseAnchor(stored);
    const secretBytes = await openAnchorSecret(anchor, world.identities);
    const wrong =
      (createHash('sha256').update(stored).digest('hex') === line.sha256 ? null : 'its file was changed') ??
      checkAnchorClaims(anchor, {
        session: world.grant.sessionId,
        seq: line.seq,
        subject: line.subject,
        lines: line.lines,
        digest: line.subject === 'grant' ? manifest.header.grant : (manifest.heads[line.lines] ?? ''),
        hostKeys: world.grant.hostKeys,
      }) ??
      checkAnchorSecret(anchor, secretBytes);
    if (wrong !== null) throw new Error(`anchor ${line.seq}: ${wrong}`);
    anchors.push({ ...anchor, secretBytes });
  }
  return { manifest, anchors };
}
