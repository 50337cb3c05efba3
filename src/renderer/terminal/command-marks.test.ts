import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { describe, expect, it } from 'vitest';
import { CommandMarks } from './command-marks.ts';

function makeScreen(options: { cols?: number; rows?: number; scrollback?: number } = {}) {
  const terminal = new Terminal({ allowProposedApi: true, cols: 40, rows: 8, scrollback: 100, ...options });
  let changes = 0;
  let feeds = 0;
  const watched = Object.create(terminal, {
    onLineFeed: {
      value: (listener: () => void) => {
        const heard = terminal.onLineFeed(listener);
        feeds += 1;
        return {
          dispose() {
            feeds -= 1;
            heard.dispose();
          },
        };
      },
    },
  });
  const marks = new CommandMarks(watched, () => {
    changes += 1;
  });
  const print = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
  /** Keys as a person presses them: the first one, the rest, and the echo of them. */
  const type = async (text: string) => {
    for (const key of text) {
      terminal.input(key);
      await print(key === '\r' ? '\r\n' : key);
    }
  };
  return { terminal, marks, print, type, changes: () => changes, listens: () => feeds > 0 };
}

const commands = (marks: CommandMarks) => marks.all().map((mark) => mark.command);
const outputs = (marks: CommandMarks) => marks.all().map((mark) => marks.output(mark.id));

describe('commands by the marks of the shell', () => {
  const shell = (command: string, output: string, status: number) =>
    `\x1b]133;A\x07user@web:~$ \x1b]133;B\x07${command}\r\n\x1b]133;C\x07${output}\x1b]133;D;${status}\x07`;

  it('knows command, output and status', async () => {
    const { marks, print } = makeScreen();
    await print(`${shell('ls', 'one\r\ntwo\r\n', 0)}${shell('false', '', 1)}`);
    expect(marks.all()).toMatchObject([
      { command: 'ls', status: 0, done: true, by: 'shell' },
      { command: 'false', status: 1, done: true },
    ]);
    expect(outputs(marks)).toEqual(['one\ntwo', '']);
  });

  it('keeps a line that has no end, joins a command of two lines, and takes no empty one', async () => {
    const { marks, print } = makeScreen();
    await print(shell('printf x', 'x', 0));
    await print('\r\n\x1b]133;A\x07$ \x1b]133;B\x07for i in 1\r\n> do date\r\n\x1b]133;C\x07now\r\n\x1b]133;D;0\x07');
    await print('\x1b]133;A\x07$ \x1b]133;B\x07\r\n\x1b]133;C\x07\x1b]133;D;0\x07');
    expect(commands(marks)).toEqual(['printf x', 'for i in 1\ndo date']);
    expect(outputs(marks)).toEqual(['x', 'now']);
  });

  it('says that one still runs, and shows its output so far', async () => {
    const { marks, print } = makeScreen();
    await print('\x1b]133;A\x07$ \x1b]133;B\x07tail -f log\r\n\x1b]133;C\x07a\r\nb');
    expect(marks.all()).toMatchObject([{ command: 'tail -f log', status: null, done: false }]);
    expect(outputs(marks)).toEqual(['a\nb']);
  });

  it('keeps to its text when the screen gets another width, and joins what wraps', async () => {
    const { terminal, marks, print } = makeScreen({ cols: 40 });
    const long = 'abcdefghij'.repeat(6);
    await print(`${shell('first', 'x\r\n', 0)}${shell('second', `${long}   \r\nend\r\n`, 0)}$ `);
    const second = marks.all()[1]?.id ?? 0;
    for (const cols of [25, 70, 33]) {
      terminal.resize(cols, 8);
      expect(marks.output(second)).toBe(`${long}\nend`);
      const row = marks.row(second) ?? -1;
      expect(terminal.buffer.active.getLine(row)?.translateToString(true)).toMatch(/^user@web:~\$ second/);
    }
  });

  it('forgets what left the scrollback, and says so', async () => {
    const { marks, print, changes } = makeScreen({ scrollback: 20 });
    await print(shell('ls', 'one\r\n', 0));
    const [mark] = marks.all();
    const before = changes();
    await print('line\r\n'.repeat(60));
    expect(marks.all()).toEqual([]);
    expect(changes()).toBe(before + 1);
    expect(marks.row(mark?.id ?? 0)).toBeNull();
    expect(marks.output(mark?.id ?? 0)).toBe('');
  });

  it('keeps only so many, however many a target makes', async () => {
    const { terminal, marks, print } = makeScreen({ scrollback: 100_000 });
    await print(shell('x', '', 0).repeat(3000));
    await print('\x1b]133;B\x07\x1b]133;C\x07\x1b]133;D;9999999999\x07\x1b]133;'.repeat(500));
    expect(marks.all().length).toBe(200);
    expect(terminal.markers.length).toBeLessThanOrEqual(3 * 200 + 2);
  });
});

describe('commands by guess', () => {
  it('takes what stands behind the prompt when Enter is pressed, and the lines down to the next', async () => {
    const { marks, print, type } = makeScreen();
    await print('deploy@pay-db:~$ ');
    await type('df -h\r');
    await print('Filesystem\r\n/dev/sda1\r\n\r\ndeploy@pay-db:~$ ');
    expect(outputs(marks)).toEqual(['Filesystem\n/dev/sda1']);
    await type('uptime\r');
    await print('up 3 days\r\ndeploy@pay-db:~$ ');
    expect(commands(marks)).toEqual(['df -h', 'uptime']);
    expect(outputs(marks)).toEqual(['Filesystem\n/dev/sda1', 'up 3 days']);
    expect(marks.all()).toMatchObject([
      { by: 'guess', done: true, status: null },
      { done: false, status: null },
    ]);
  });

  it('knows what was called back with the arrow, and no empty line', async () => {
    const { terminal, marks, print, type } = makeScreen();
    await print('core-1# ');
    terminal.input('\x1b[A');
    await print('show vlan');
    await type('\r');
    await print('10\r\ncore-1# ');
    await type('\r');
    await print('core-1# ');
    expect(commands(marks)).toEqual(['show vlan']);
    expect(outputs(marks)).toEqual(['10']);
  });

  it('is over where the next prompt stands, and has no line that was cancelled there', async () => {
    const { terminal, marks, print, type } = makeScreen();
    await print('deploy@web:~$ ');
    await type('uptime\r');
    await print('up 3 days\r\n');
    marks.settle();
    expect(marks.all()).toMatchObject([{ command: 'uptime', done: false }]);
    await print('deploy@web:~$ ');
    marks.settle();
    expect(marks.all()).toMatchObject([{ command: 'uptime', done: true, status: null }]);
    await type('cd /srv\r');
    await print('deploy@web:/srv$ ');
    terminal.input('\x1b[200~rm -rf *\x1b[201~');
    await print('rm -rf *');
    terminal.input('\x03');
    await print('^C\r\ndeploy@web:/srv$ ');
    expect(commands(marks)).toEqual(['uptime', 'cd /srv']);
    expect(marks.all().every((mark) => mark.done)).toBe(true);
    expect(outputs(marks)).toEqual(['up 3 days', '']);
  });

  it('takes no password and no answer to a question', async () => {
    const { terminal, marks, print, type } = makeScreen();
    await print('[sudo] password for jo: ');
    for (const key of 'hunter2') terminal.input(key);
    terminal.input('\r');
    await print('\r\nRemove 3 packages? [Y/n] ');
    await type('y\r');
    await print('> ');
    await type('more of it\r');
    expect(marks.all()).toEqual([]);
  });

  it('is not misled by what the terminal answers, by a paste in brackets or by the alternate screen', async () => {
    const { terminal, marks, print, type } = makeScreen();
    await print('half a line');
    terminal.input('\x1b[?1;2c', false);
    terminal.input('\x1b[I', false);
    await print('\r$ \x1b[K');
    terminal.input('\x1b[200~echo 1\recho 2\x1b[201~');
    await print('echo 1\r\necho 2');
    expect(marks.all()).toEqual([]);
    await type('\r');
    await print('\x1b[?1049h$ ');
    await type('zz\r');
    await print('\x1b[?1049l');
    expect(commands(marks)).not.toContain('zz');
  });

  it('listens to line feeds only while an Enter waits for its line', async () => {
    const { terminal, marks, print, type, listens } = makeScreen();
    expect(listens()).toBe(false);
    await print('$ ');
    terminal.input('l');
    await print('l');
    terminal.input('\r');
    expect(listens()).toBe(true);
    await print('\r\n');
    expect(listens()).toBe(false);
    terminal.input('\r');
    await print('no prompt\r\n'.repeat(2100));
    expect(listens()).toBe(false);
    await print('$ ');
    await type('pwd\r');
    expect(commands(marks).at(-1)).toBe('pwd');
  });
});
