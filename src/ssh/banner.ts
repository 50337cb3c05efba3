const maxCharacters = 4096;

/**
 * A login banner as plain lines for a terminal: escape sequences (ECMA-48), other control characters and characters that reverse or hide text are
 * taken out, so that the target's words cannot pose as the launcher's. At most 4,096 characters; lines end with CR LF. Empty for an empty banner.
 */
export function plainBanner(text: string): string {
  const plain = text
    .slice(0, 4 * maxCharacters)
    // OSC, DCS, SOS, PM, APC up to their terminator, then CSI, then the short sequences.
    .replace(/(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[\s\S]*?(?:\x07|\x1b\\|\x9c|$)/g, '')
    .replace(/(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?/g, '')
    .replace(/\x1b[\x20-\x2f]*[\x30-\x7e]?/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '')
    .slice(0, maxCharacters)
    .replace(/\n+$/, '');
  return plain === '' ? '' : `${plain.replaceAll('\n', '\r\n')}\r\n`;
}
