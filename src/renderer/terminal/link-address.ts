import { decodeHost } from './punycode.ts';

/** What a person should know of an address before it is opened. */
export type LinkFacts =
  | {
      kind: 'web';
      /** What would be opened, as the browser reads it: ASCII alone. */
      url: string;
      scheme: 'http' | 'https';
      /** Host with its port, as it is sent. */
      host: string;
      /** Host with its port in its own letters, where that is another text; else null. */
      readableHost: string | null;
      /** What stands before an "@", cut to what fits a line; it is no part of where the link goes. */
      userInfo: string | null;
      /** What the screen shows is another text than the address; null where it is the address. */
      shown: string | null;
      /** What the screen shows reads as an address of this other host; null where it does not. */
      posesAs: string | null;
    }
  /** Told, not opened. */
  | { kind: 'other'; scheme: string; address: string; shown: string | null }
  | { kind: 'broken'; address: string; shown: string | null };

/** Longer ones are not opened; what a person cannot read to its end is no confirmation. */
export const addressAtMost = 4096;

/** Anything that is invisible, turns the direction of text or ends a line. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text with what is invisible in it made visible: "a\u202eb" is "a⟨U+202E⟩b". */
export function visibleText(text: string): string {
  return text.replace(
    unseen,
    (char) => `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}

function parse(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/** A host that the text claims to be: "https://bank.example/x", "bank.example", "www.bank.example/login". Null for other text. */
export function hostInText(text: string): string | null {
  const trimmed = text.trim();
  if (/\s/.test(trimmed)) return null;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) return parse(trimmed)?.hostname || null;
  // A file name such as "notes.txt" is no host: its last part has to be one that hosts end in, or something follows it.
  if (!/^(?:www\.)?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?::\d+)?(?:\/\S*)?$/u.test(trimmed)) return null;
  const endsLikeHost =
    /\.(?:com|org|net|io|dev|gov|edu|int|mil|info|example|internal|local|[a-z]{2})(?::\d+)?(?:\/|$)/i.test(trimmed);
  const isFile = /\.(?:sh|py|rs|md|pl|go|cc|ts|js|gz|so)$/i.test(trimmed) && !trimmed.includes('/');
  return endsLikeHost && !isFile ? (parse(`https://${trimmed}`)?.hostname ?? null) : null;
}

/** Same address, for a person: case of the host, a slash at the end and the missing scheme make no other. */
function isSameAddress(shown: string, url: URL): boolean {
  const text = shown.trim();
  if (text === url.href || `${text}/` === url.href) return true;
  const read = parse(text) ?? parse(`${url.protocol}//${text}`);
  return read !== null && read.href === url.href;
}

/**
 * Looks at where a link goes. `address` is what the target sent or what stands on the screen; `shown` is the text that carries it, null
 * where the address itself is the text.
 */
export function readLink(address: string, shown: string | null): LinkFacts {
  const text = shown === null ? null : visibleText(shown.trim());
  const url = address.length > addressAtMost ? null : parse(address);
  if (url === null) return { kind: 'broken', address: visibleText(address.slice(0, addressAtMost)), shown: text };
  if (
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.hostname === '' ||
    url.href.length > addressAtMost
  ) {
    return { kind: 'other', scheme: url.protocol.replace(/:$/, ''), address: visibleText(address), shown: text };
  }
  const port = url.port === '' ? '' : `:${url.port}`;
  const readable = decodeHost(url.hostname);
  const userInfo = [url.username, url.password].filter((part) => part !== '').join(':');
  const same = shown === null || isSameAddress(shown, url);
  const claimed = shown === null || same ? null : hostInText(shown);
  return {
    kind: 'web',
    url: url.href,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host: url.host,
    readableHost: readable === url.hostname ? null : `${visibleText(readable)}${port}`,
    userInfo: userInfo === '' ? null : userInfo.slice(0, 200),
    shown: same ? null : text,
    posesAs: claimed !== null && claimed !== url.hostname ? claimed : null,
  };
}

/** Asked each time, remembered or not: the link says one thing and is another. */
export function alwaysAsks(facts: LinkFacts): boolean {
  return facts.kind !== 'web' || facts.userInfo !== null || facts.posesAs !== null;
}
