/** Where in the vault passwords lie: `passwords/TARGET/LOGIN`, both as the apply document has them. */
export const passwordPrefix = 'passwords/';

export interface PasswordPlace {
  target: string;
  login: string;
}

/**
 * The name of a login's password in the vault. What is no letter, digit, `.`, `_` or `-` is percent-encoded (RFC 3986 section 2.1), and so are the
 * dots of a name that is nothing but dots: a vault on a file system or behind HTTP reads `..` as "up".
 */
export function passwordSecretName({ target, login }: PasswordPlace): string {
  return `${passwordPrefix}${encode(target)}/${encode(login)}`;
}

/** The reverse; null for a name that is not of this form. */
export function placeOfSecret(name: string): PasswordPlace | null {
  const [target, login, ...more] = name.startsWith(passwordPrefix) ? name.slice(passwordPrefix.length).split('/') : [];
  if (target === undefined || login === undefined || more.length > 0) return null;
  try {
    const place = { target: decodeURIComponent(target), login: decodeURIComponent(login) };
    return passwordSecretName(place) === name ? place : null;
  } catch {
    return null;
  }
}

function encode(text: string): string {
  const plain = /^\.+$/.test(text) ? /[A-Za-z0-9_-]/ : /[A-Za-z0-9._-]/;
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 128 && plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
