/**
 * Pasted text without control characters: an escape inside it could end bracketed paste early and run what follows. Tabs and
 * line ends stay; line ends become "\n".
 */
export function sanitisePaste(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** True when pasting would run or enter more than one line: any line end asks. */
export function isMultiLine(text: string): boolean {
  return text.includes('\n');
}

/** The lines as the paste guard shows them, without an empty last one. */
export function pastedLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
