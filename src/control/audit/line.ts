import type { AuditEvent } from '../../shared/protocol/control-api.ts';

/**
 * One event as one line of JSON with its newline. JSON escapes C0 controls by itself; DEL, C1 controls, line separators and the characters
 * that turn text around are escaped here, so that no name can fake or hide a line in a pager.
 */
export function auditLine(event: AuditEvent): string {
  const text = JSON.stringify(event);
  return `${text.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped)}\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
