/** A sign with which most prompts end. */
const sign = /[#$%>\u276f\u279c\u03bb\u203a\u00bb]\s*$/;
/** So much of a prompt's end is looked at. */
const endAtMost = 40;
/** What comes before a command is no part of a word or of a path. */
const apart = /[^\w/.-]$/;

/**
 * Whether a line of the screen is the one in which `command` (its first line) was entered: a prompt, then the command. `known`: the prompt of the command before, where there was one. `isNext`:
 * no command before it waits for its line; any other must stand behind a prompt like the known one, because to take another line for its own would pass the ones before over.
 */
export function isPromptOf(
  line: string,
  command: string,
  { known, isNext }: { known: string | null; isNext: boolean },
): boolean {
  if (command.trim() === '' || line.length <= command.length || !line.endsWith(command)) return false;
  const prompt = line.slice(0, line.length - command.length);
  if (prompt === known) return true;
  const end = prompt.slice(-endAtMost);
  if (sign.test(end)) return isNext || known === null || areAlike(prompt, known);
  return isNext && (known === null || !sign.test(known.slice(-endAtMost))) && apart.test(end);
}

/** Two prompts of one shell: where one is in the tree of files, between the two ends, may differ. */
function areAlike(prompt: string, known: string): boolean {
  return prompt.slice(0, 4) === known.slice(0, 4) && prompt.slice(-2) === known.slice(-2);
}
