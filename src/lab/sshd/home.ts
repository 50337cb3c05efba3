import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Files that make a target look lived in. Made once: what a person changes there stays. */
function believableFiles(host: string): Record<string, string> {
  return {
    'README.md': `# ${host}\n\nServes the booking site. Releases live in ~/releases, the newest is linked as ~/current.\nAsk the web team before you restart anything on a Friday.\n`,
    'releases/2026-11-18/VERSION': '4.12.0\n',
    'releases/2026-11-23/VERSION': '4.12.1\n',
    'current/VERSION': '4.12.1\n',
    'current/config/site.toml': `name = "booking"\nlisten = "0.0.0.0:8080"\nworkers = 6\n\n[cache]\nkind = "memory"\nttl_seconds = 120\n`,
    'logs/deploy.log': [
      '2026-11-18 07:41:02 deploy 4.12.0 started',
      '2026-11-18 07:41:39 health 6/6 workers ready',
      '2026-11-18 07:41:40 deploy 4.12.0 done in 38 s',
      '2026-11-23 06:58:11 deploy 4.12.1 started',
      '2026-11-23 06:58:47 health 6/6 workers ready',
      '2026-11-23 06:58:47 deploy 4.12.1 done in 36 s',
      '',
    ].join('\n'),
    'logs/site.log': Array.from({ length: 40 }, (_, index) => {
      const second = String((index * 7) % 60).padStart(2, '0');
      const page = ['/', '/rooms', '/rooms/214', '/book', '/static/app.css'][index % 5] ?? '/';
      const status = index % 13 === 12 ? 502 : 200;
      return `2026-11-24 07:${String(10 + Math.floor(index / 4)).padStart(2, '0')}:${second} ${status} GET ${page} ${4 + ((index * 11) % 60)} ms`;
    })
      .join('\n')
      .concat('\n'),
  };
}

/**
 * Commands that a person would use there and that a lab has no business with: they act on the home folder alone. `systemctl` knows the service of the site; `sudo` runs what it
 * is given, as who one is.
 */
const standIns: Record<string, string> = {
  sudo: 'exec "$@"',
  systemctl: [
    'log="$HOME/logs/deploy.log"',
    'case "$1" in',
    "  status) printf '%s\\n' \"* $2.service - Booking site\" '   Active: active (running)' '    Tasks: 7 (workers: 6)' ;;",
    '  restart | reload | start | stop) printf \'%s\\n\' "$(date \'+%F %T\') service $2: $1" >> "$log" ;;',
    '  *) printf \'%s\\n\' "Unknown command verb $1." >&2; exit 1 ;;',
    'esac',
  ].join('\n'),
};

/** Quotes for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Writes the home folder of a target, and the shell that a login gets: bash with a home, prompt and history of the lab's own, so that nothing of
 * the account that runs the lab shows or changes. Returns the shell's path.
 */
export function prepareHome(options: { folder: string; host: string }): string {
  const home = path.join(options.folder, 'home');
  for (const [name, text] of Object.entries(believableFiles(options.host))) {
    const file = path.join(home, name);
    if (existsSync(file)) continue;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const programs = path.join(options.folder, 'bin');
  mkdirSync(programs, { recursive: true });
  for (const [name, text] of Object.entries(standIns))
    writeFileSync(path.join(programs, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const rc = path.join(options.folder, 'bashrc');
  writeFileSync(
    rc,
    [
      `PS1='\\[\\e[32m\\]\\u@${options.host}\\[\\e[0m\\]:\\[\\e[34m\\]\\w\\[\\e[0m\\]\\$ '`,
      "alias ls='ls --color=auto'",
      "alias grep='grep --color=auto'",
      'HISTFILE=~/.bash_history',
      'shopt -s checkwinsize',
      '',
    ].join('\n'),
  );
  const shell = path.join(options.folder, 'shell');
  writeFileSync(
    shell,
    [
      '#!/bin/sh',
      `cd ${quoted(home)} || exit 1`,
      `exec env -i HOME=${quoted(home)} USER="$USER" LOGNAME="$LOGNAME" SHELL=/bin/bash TERM="\${TERM:-xterm-256color}" LANG=C.UTF-8 \\`,
      `  PATH=${quoted(programs)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin SSH_CONNECTION="$SSH_CONNECTION" /bin/bash --noprofile --rcfile ${quoted(rc)} -i`,
      '',
    ].join('\n'),
  );
  chmodSync(shell, 0o755);
  return shell;
}
