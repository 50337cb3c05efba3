import { describe, expect, it } from 'vitest';
import { alwaysAsks, hostInText, readLink, visibleText } from './link-address.ts';
import { decodeHost, decodePunycode } from './punycode.ts';

describe('where a link goes', () => {
  it('says the address as the browser reads it', () => {
    expect(readLink('https://Docs.Example/a b?c=é', null)).toEqual({
      kind: 'web',
      url: 'https://docs.example/a%20b?c=%C3%A9',
      scheme: 'https',
      host: 'docs.example',
      readableHost: null,
      userInfo: null,
      shown: null,
      posesAs: null,
    });
    expect(readLink('http://docs.example:8080/', null)).toMatchObject({ scheme: 'http', host: 'docs.example:8080' });
  });

  it.each([
    // What stands before the "@" is a name, not a host.
    ['https://bank.example@evil.example/', { host: 'evil.example', userInfo: 'bank.example' }],
    ['https://bank.example:443@evil.example:8443/x', { host: 'evil.example:8443', userInfo: 'bank.example:443' }],
    // Back strokes are strokes to a browser.
    ['https://bank.example\\@evil.example/', { host: 'bank.example' }],
    // Numbers are addresses.
    ['http://0x7f.1/', { host: '127.0.0.1' }],
    ['http://2130706433/', { host: '127.0.0.1' }],
    // Letters of another script, and letters that browsers fold.
    ['https://\u0430pple.example/', { host: 'xn--pple-43d.example', readableHost: '\u0430pple.example' }],
    ['https://xn--pple-43d.example:99/', { host: 'xn--pple-43d.example:99', readableHost: '\u0430pple.example:99' }],
    ['https://ｅｖｉｌ.example/', { host: 'evil.example', readableHost: null }],
    ['https://bank.example。evil.example/', { host: 'bank.example.evil.example' }],
    ['https://bank.example.evil.example/', { host: 'bank.example.evil.example' }],
  ])('is not deceived by %s', (address, facts) => {
    expect(readLink(address, null)).toMatchObject({ kind: 'web', ...facts });
  });

  it.each([
    ['javascript:alert(1)', 'javascript'],
    ['data:text/html,<script>alert(1)</script>', 'data'],
    ['file:///etc/passwd', 'file'],
    ['ssh://root@pay-db-03/', 'ssh'],
    ['vbscript:x', 'vbscript'],
    ['ms-settings:privacy', 'ms-settings'],
    ['\u0001javascript:alert(1)', 'javascript'],
    ['java\tscript:alert(1)', 'javascript'],
    ['mailto:a@b.example', 'mailto'],
  ])('opens only pages: %s is told, not opened', (address, scheme) => {
    expect(readLink(address, 'click')).toMatchObject({ kind: 'other', scheme, shown: 'click' });
  });

  it('opens nothing that nobody can read to its end', () => {
    expect(readLink(`https://a.example/${'x'.repeat(5000)}`, null).kind).toBe('broken');
    expect(readLink(`https://a.example/${'\u{1f600}'.repeat(1500)}`, null).kind).not.toBe('web');
    expect(readLink('https://', null).kind).toBe('broken');
    expect(readLink('https://a b.example/', null).kind).toBe('broken');
  });

  it('says when the text is not the address', () => {
    expect(readLink('https://evil.example/', 'docs')).toMatchObject({ shown: 'docs', posesAs: null });
    expect(readLink('https://docs.example/', 'https://docs.example')).toMatchObject({ shown: null });
    expect(readLink('https://docs.example/', 'Docs.Example')).toMatchObject({ shown: null });
    expect(readLink('https://evil.example/', 'https://bank.example/')).toMatchObject({
      shown: 'https://bank.example/',
      posesAs: 'bank.example',
    });
    expect(readLink('https://evil.example/', 'bank.example/login')).toMatchObject({ posesAs: 'bank.example' });
    expect(readLink('https://bank.example/b', 'https://bank.example/a')).toMatchObject({
      shown: 'https://bank.example/a',
      posesAs: null,
    });
  });

  it('shows what is invisible', () => {
    expect(visibleText('bank\u202eelpmaxe\u200b\x1b')).toBe('bank⟨U+202E⟩elpmaxe⟨U+200B⟩⟨U+001B⟩');
    expect(readLink('https://evil.example/', 'x\u202ey')).toMatchObject({ shown: 'x⟨U+202E⟩y' });
  });

  it('asks each time where text and address disagree', () => {
    expect(alwaysAsks(readLink('https://docs.example/', null))).toBe(false);
    expect(alwaysAsks(readLink('https://docs.example/', 'the docs'))).toBe(false);
    expect(alwaysAsks(readLink('https://evil.example/', 'bank.example'))).toBe(true);
    expect(alwaysAsks(readLink('https://bank@evil.example/', null))).toBe(true);
    expect(alwaysAsks(readLink('javascript:1', null))).toBe(true);
  });

  it('takes file names for no hosts', () => {
    expect(['deploy.sh', 'main.rs', 'notes.txt', 'v1.2.3', 'the docs', 'a.b'].map(hostInText)).toEqual(
      Array.from({ length: 6 }, () => null),
    );
    expect(hostInText('www.bank.example')).toBe('www.bank.example');
  });
});

describe('punycode', () => {
  // The samples of RFC 3492, section 7.1.
  it.each([
    [
      'egbpdaj6bu4bxfgehfvwxn',
      '\u0644\u064a\u0647\u0645\u0627\u0628\u062a\u0643\u0644\u0645\u0648\u0634\u0639\u0631\u0628\u064a\u061f',
    ],
    ['ihqwcrb4cv8a8dqg056pqjye', '\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587'],
    ['3B-ww4c5e180e575a65lsy2b', '3\u5e74B\u7d44\u91d1\u516b\u5148\u751f'],
    ['bcher-kva', 'bücher'],
  ])('%s', (encoded, decoded) => {
    expect(decodePunycode(encoded)).toBe(decoded);
  });

  it('gives back what is none', () => {
    expect(decodePunycode('99999999')).toBeNull();
    expect(decodePunycode('a-!')).toBeNull();
    expect(decodeHost('xn--99999999.example')).toBe('xn--99999999.example');
    expect(decodeHost('docs.example')).toBe('docs.example');
  });
});
