// What the terminals of the pictures show: colours, box drawing, a table, a prompt.
const green = (text: string) => `\x1b[32m${text}\x1b[0m`;
const bold = (text: string) => `\x1b[1;32m${text}\x1b[0m`;
const dim = (text: string) => `\x1b[90m${text}\x1b[0m`;
const yellow = (text: string) => `\x1b[33m${text}\x1b[0m`;
const red = (text: string) => `\x1b[1;31m${text}\x1b[0m`;
const prompt = `${green('deploy@pay-db-03')}:\x1b[34m~\x1b[0m$ `;

const lines = [
  `${prompt}systemctl status postgresql@15-main`,
  `${green('●')} postgresql@15-main.service - PostgreSQL Cluster 15-main`,
  `     Loaded: loaded (/lib/systemd/system/postgresql@.service; ${bold('enabled-runtime')})`,
  `     Active: ${bold('active (running)')} since Mon 2026-11-23 02:11:40 CET; 1 day 12h ago`,
  '    Process: 911 ExecStart=/usr/bin/pg_ctlcluster --skip-systemctl-redirect 15-main',
  '   Main PID: 948 (postgres)',
  '     CGroup: /system.slice/system-postgresql.slice/postgresql@15-main.service',
  `             ├─ ${dim('948')} /usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql`,
  `             ├─ ${dim('951')} "postgres: 15/main: checkpointer"`,
  `             ├─ ${dim('957')} "postgres: 15/main: walsender replica 10.20.4.12(51840)"`,
  `             └─${dim('7731')} "postgres: 15/main: settle settlement 10.20.6.22 idle"`,
  '',
  `Nov 24 14:02:11 pay-db-03 postgres[7731]: ${yellow('LOG:  checkpoint starting: time')}`,
  `Nov 24 14:07:58 pay-db-03 postgres[7731]: ${yellow('WARNING:  there is already a transaction')}`,
  `Nov 24 14:11:20 pay-db-03 postgres[7731]: ${red('ERROR:  canceled, lock timeout')}`,
  `${prompt}sudo -u postgres psql settlement`,
  'psql (15.8 (Debian 15.8-0+deb12u1))',
  'Type "help" for help.',
  '',
  'settlement=# \\dt+ settlement_2026_*',
  '                                    List of relations',
  ' Schema │        Name        │ Type  │ Owner  │ Persistence │  Size   │ Description',
  '────────┼────────────────────┼───────┼────────┼─────────────┼─────────┼─────────────',
  ' public │ settlement_2026_09 │ table │ settle │ permanent   │ 6411 MB │ closed',
  ' public │ settlement_2026_10 │ table │ settle │ permanent   │ 7092 MB │ legal hold',
  ' public │ settlement_2026_11 │ table │ settle │ permanent   │ 5120 MB │ open',
  '(3 rows)',
  '',
  'settlement=# ',
];

export const terminalText = lines.join('\r\n');

/** The same, spread over a recording: one line after another, with two long pauses. */
export const replayEvents = lines.map((line, index) => ({
  atMs: index * 24_000 + (index > 8 ? 160_000 : 0) + (index > 18 ? 160_000 : 0),
  text: index === 0 ? line : `\r\n${line}`,
}));
