/** Events of an hour at a terminal, as `[milliseconds, code, text]`. */
export type TypedEvent = readonly [number, 'o' | 'i', string];

/** A small generator of repeatable numbers (mulberry32 by Tommy Ettinger, public domain). */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const commands = [
  'ls -la /var/log',
  'systemctl status nginx',
  'df -h',
  'tail -n 40 /var/log/syslog',
  'cd /srv/app && git log --oneline | head',
  'ps aux --sort=-%cpu | head -15',
  'journalctl -u app --since "10 min ago"',
  'cat /etc/nginx/sites-enabled/default',
];
const services = ['nginx', 'app', 'postgresql', 'cron', 'sshd', 'node', 'redis-server'];

function outputOf(random: () => number, lines: number): string {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  const line = () =>
    `Nov 24 ${String(Math.floor(random() * 24)).padStart(2, '0')}:${String(Math.floor(random() * 60)).padStart(2, '0')}:07 web-01 \x1b[32m${pick(services)}\x1b[0m[${Math.floor(random() * 40_000)}]: request ${Math.floor(random() * 1e9).toString(16)} took ${Math.floor(random() * 900)} ms, status ${random() < 0.95 ? 200 : 502}`;
  return `${Array.from({ length: lines }, line).join('\r\n')}\r\n`;
}

/** Somebody at a prompt: types, reads, types again. `pauseMs`: about how long between commands. */
export function promptHour(seed: number, pauseMs: number, linesPerCommand: number): TypedEvent[] {
  const random = makeRandom(seed);
  const prompt = '\x1b[?2004h\x1b]0;ops@web-01: ~\x07\x1b[01;32mops@web-01\x1b[00m:\x1b[01;34m~\x1b[00m$ ';
  const events: TypedEvent[] = [[0, 'o', prompt]];
  let at = 500;
  while (at < 3_600_000) {
    const command = commands[Math.floor(random() * commands.length)] ?? '';
    for (const key of command) {
      events.push([at, 'i', key], [at + 1, 'o', key]);
      at += 60 + random() * 180;
    }
    events.push([at, 'i', '\r'], [at + 1, 'o', '\r\n\x1b[?2004l\r']);
    const lines = 1 + Math.floor(random() * 2 * linesPerCommand);
    events.push([at + 20, 'o', outputOf(random, lines)], [at + 25, 'o', prompt]);
    at += pauseMs * (0.3 + random() * 1.4);
  }
  return events.map(([ms, code, text]) => [Math.round(ms), code, text]);
}

/** A coloured build: `bytes` of it, in pieces as a terminal gets them. */
export function buildLog(seed: number, bytes: number): TypedEvent[] {
  const random = makeRandom(seed);
  const events: TypedEvent[] = [];
  let at = 0;
  let written = 0;
  for (let file = 0; written < bytes; file += 1) {
    const name = `src/${services[file % services.length]}/module_${Math.floor(random() * 5000)}.c`;
    const warning =
      random() < 0.08
        ? `\x1b[01m\x1b[K${name}:${Math.floor(random() * 900)}:${Math.floor(random() * 80)}:\x1b[m\x1b[K \x1b[01;35m\x1b[Kwarning: \x1b[m\x1b[Kunused variable ‘tmp_${Math.floor(random() * 1000)}’ [-Wunused-variable]\r\n`
        : '';
    const text = `[${String(file % 100).padStart(3)}%] \x1b[32mBuilding C object CMakeFiles/app.dir/${name}.o\x1b[0m\r\n${warning}`;
    events.push([Math.round(at), 'o', text]);
    written += Buffer.byteLength(text);
    at += random() * 40;
  }
  return events;
}
