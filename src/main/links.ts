import { SallyportError } from '../shared/errors/result.ts';

/**
 * The address that may be opened in the desktop's browser, as the URL standard writes it. Throws SP-5003 for anything but http and https, and for
 * addresses with a name or password in front of the host: those make "https://your-bank@elsewhere" look like somewhere else.
 */
export function linkToOpen(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new SallyportError('SP-5003', 'This is not an address. Nothing was opened.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new SallyportError(
      'SP-5003',
      'Only http and https addresses open from here. Copy this one if you trust it, and open it yourself.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new SallyportError(
      'SP-5003',
      `This address carries a name or a password in front of ${url.host}. It is not opened: remove that part first.`,
    );
  }
  return url.href;
}

/** Opens an address in the desktop's browser by `open`. Throws what `linkToOpen` throws, and SP-9001 in words where the desktop has nothing to open it with. */
export async function openLink(text: string, open: (address: string) => Promise<void>): Promise<void> {
  const address = linkToOpen(text);
  try {
    await open(address);
  } catch (error) {
    throw new SallyportError(
      'SP-9001',
      'This desktop did not open the address: it may have no browser. Copy the address and open it elsewhere.',
      { cause: error },
    );
  }
}
