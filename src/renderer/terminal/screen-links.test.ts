import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { describe, expect, it } from 'vitest';
import { addressesIn, ScreenLinks } from './screen-links.ts';

async function makeScreen(text: string, cols = 40) {
  const terminal = new Terminal({ allowProposedApi: true, cols, rows: 6, scrollback: 1000 });
  const links = new ScreenLinks(terminal as never);
  const print = (more: string) => new Promise<void>((resolve) => terminal.write(more, resolve));
  await print(text);
  return { terminal, links, print, there: () => links.onScreen().map(({ address, shown }) => [address, shown]) };
}
const osc8 = (address: string, text: string) => `\x1b]8;;${address}\x1b\\${text}\x1b]8;;\x1b\\`;

describe('addresses in text', () => {
  it.each([
    ['see https://docs.example/a.', 'https://docs.example/a'],
    ['(https://docs.example/a_(b))', 'https://docs.example/a_(b)'],
    ['"https://docs.example/x?y=1&z=[2]",', 'https://docs.example/x?y=1&z=[2]'],
    ['│https://docs.example/x│', 'https://docs.example/x'],
    ['<https://docs.example/>', 'https://docs.example/'],
    ['ssh://root@web-01/ now', 'ssh://root@web-01/'],
    ['https://docs.example/\u202ex', 'https://docs.example/'],
  ])('%s', (text, address) => {
    expect(addressesIn(text).map((found) => found.address)).toEqual([address]);
  });

  it('takes no scheme alone', () => {
    expect(addressesIn('https:// and http:///x and C://')).toEqual([]);
  });
});

describe('links on a screen', () => {
  it('finds those of OSC 8 with their text, and addresses that wrap', async () => {
    const long = `https://docs.example/${'x'.repeat(50)}`;
    const { there, links } = await makeScreen(`a ${osc8('https://evil.example/', 'bank.example')} b\r\n${long}\r\n`);
    expect(there()).toEqual([
      ['https://evil.example/', 'bank.example'],
      [long, null],
    ]);
    expect(links.inLine(0)[0]).toMatchObject({ start: { y: 0, x: 2 }, end: { y: 0, x: 13 } });
    expect(links.inLine(2)[0]).toMatchObject({ start: { y: 1, x: 0 }, end: { y: 2, x: 30 } });
  });

  it('says where an address goes that is the text of another link', async () => {
    const { there } = await makeScreen(osc8('https://evil.example/', 'https://bank.example/'));
    expect(there()).toEqual([['https://evil.example/', 'https://bank.example/']]);
  });

  it('follows its text to another width, and is gone when the text is', async () => {
    const { terminal, there, print } = await makeScreen(
      `${'.'.repeat(30)}${osc8('https://a.example/', 'the text')}\r\n`,
    );
    terminal.resize(20, 6);
    expect(there()).toEqual([['https://a.example/', 'the text']]);
    terminal.resize(60, 6);
    expect(there()).toEqual([['https://a.example/', 'the text']]);
    await print('\x1b[1;1H\x1b[2Kthe other');
    expect(there()).toEqual([]);
  });

  it('keeps few markers, whatever a target sends', async () => {
    const { terminal, there, print } = await makeScreen('');
    await print(`${osc8('https://a.example/', 'x')}\r\n`.repeat(900));
    expect(terminal.markers.length).toBeLessThan(300);
    // Never closed, over many lines: xterm's own would keep a marker for each.
    await print(`\x1b]8;;https://b.example/\x1b\\${'line\r\n'.repeat(900)}`);
    expect(terminal.markers.length).toBeLessThan(300);
    await print('\x1b]8;;\x1b\\');
    expect(there().filter(([address]) => address === 'https://b.example/')).toEqual([]);
  });
});
