import type { Signed } from '../shared/protocol/signed.ts';
import type { Issuer } from './authorise.ts';
import type { Recorder } from './recorder/recorder.ts';

/**
 * Makes a receipt a line of this session's manifest. False for one that the control server did not sign for this session, or that is for other lines than
 * this manifest has: the server took another manifest than this process made.
 */
export function takeReceipt(
  signed: Signed,
  parts: { issuer: Pick<Issuer, 'receipt'> | null; recorder: Pick<Recorder, 'headOf' | 'receipt'> | null },
): boolean {
  const { issuer, recorder } = parts;
  const receipt = issuer?.receipt(signed) ?? null;
  if (receipt === null || recorder === null || recorder.headOf(receipt.lines) !== receipt.head) return false;
  recorder.receipt(signed);
  return true;
}
