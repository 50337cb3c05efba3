import type { Control } from '../control/start-control.ts';
import { enrolDevice } from '../owner/enrol.ts';
import { type OwnedSession, openOwnedSession } from '../owner/session-owner.ts';
import { people } from './people.ts';

/** One command of a made session: what is typed, and how long the person looked at the answer (ms). */
interface Line {
  text: string;
  thinkMs: number;
}

interface Script {
  device: string;
  targetName: string;
  reason: string;
  lines: Line[];
}

const scripts = (web: string, edge: string): Script[] => [
  {
    device: 'jonas-desk-2',
    targetName: web,
    reason: 'Bookings return 502 now and then',
    lines: [
      { text: 'grep -c " 502 " logs/site.log', thinkMs: 500 },
      { text: 'grep -n " 502 " logs/site.log', thinkMs: 700 },
      { text: 'cat current/config/site.toml', thinkMs: 600 },
      { text: 'tail -n 3 logs/deploy.log', thinkMs: 400 },
      { text: 'exit', thinkMs: 0 },
    ],
  },
  {
    device: 'jonas-desk-3',
    targetName: edge,
    reason: 'Release 4.12.1 wants a restart',
    lines: [
      { text: 'systemctl status booking', thinkMs: 600 },
      { text: 'sudo systemctl restart booking', thinkMs: 700 },
      { text: 'tail -n 2 logs/deploy.log', thinkMs: 500 },
      { text: 'exit', thinkMs: 0 },
    ],
  },
  {
    device: 'jonas-laptop',
    targetName: edge,
    reason: 'Check the release before the morning',
    lines: [
      { text: 'ls releases', thinkMs: 400 },
      { text: 'cat current/VERSION', thinkMs: 500 },
      { text: 'wc -l logs/site.log', thinkMs: 300 },
      { text: 'exit', thinkMs: 0 },
    ],
  },
];

/** A pause that is part of what is recorded: a person's rhythm, not a wait for something. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const prompt = /\$ $|# $/;

async function play(session: OwnedSession, lines: Line[]): Promise<void> {
  let from = 0;
  for (const { text, thinkMs } of lines) {
    await session.waitFor(prompt, from);
    for (const [index, key] of [...text].entries()) {
      session.type(key);
      await pause(18 + ((index * 37) % 30));
    }
    from = session.text().length;
    session.type('\r');
    if (thinkMs > 0) {
      await session.waitFor(/\n/, from);
      await pause(thinkMs);
    }
  }
}

/** Makes the first finished recordings by real sessions, so that the lists are not empty when somebody looks for the first time. */
export async function makeFirstRecordings(options: {
  control: Control;
  spool: string;
  login: string;
  web: string;
  edge: string;
}): Promise<number> {
  const made = scripts(options.web, options.edge);
  // A launcher has one control channel, so each session gets a device of its own and all play at once.
  await Promise.all(
    made.map(async ({ device, targetName, reason, lines }) => {
      const enrolled = await enrolDevice(options.control, people.operator.id, device);
      const { login, spool } = options;
      const session = await openOwnedSession({ enrolled, targetName, login, reason, spool, cols: 110, rows: 30 });
      await play(session, lines);
      const end = await session.done;
      await enrolled.client.close();
      if (end.kind !== 'exit') throw new Error(`a first session ended with ${end.kind} instead of its exit`);
    }),
  );
  return made.length;
}
