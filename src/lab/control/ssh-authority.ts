import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { blobOfLine } from '../../recording/signatures/keys.ts';
import { LabError } from '../lab-error.ts';
import type { Control } from './start-control.ts';

/** The public key that targets trust to certify logins (OpenSSH line), as the control server writes it for whoever sets up targets. */
export async function sshAuthorityOf(control: Control): Promise<string> {
  const file = path.join(control.dataFolder, 'ssh-authority.pub');
  if (!existsSync(file)) throw new LabError(`The control server wrote no ${file}.`, 'Build again: `npm run build`.');
  const line = readFileSync(file, 'utf8').trim().split(/\s+/).slice(0, 2).join(' ');
  blobOfLine(line);
  return line;
}
