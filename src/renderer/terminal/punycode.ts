/** RFC 3492, section 5. */
const base = 36;
const tMin = 1;
const tMax = 26;
const skew = 38;
const damp = 700;

function adapt(delta: number, points: number, first: boolean): number {
  let rest = first ? Math.floor(delta / damp) : delta >> 1;
  rest += Math.floor(rest / points);
  let k = 0;
  for (; rest > ((base - tMin) * tMax) >> 1; k += base) rest = Math.floor(rest / (base - tMin));
  return Math.floor(k + ((base - tMin + 1) * rest) / (rest + skew));
}

function digitOf(char: string): number {
  if (/^[a-z]$/i.test(char)) return char.toLowerCase().charCodeAt(0) - 97;
  return /^[0-9]$/.test(char) ? char.charCodeAt(0) - 22 : base;
}

/** Decodes what stands behind "xn--" (RFC 3492, section 6.2). Null where it is no Punycode. */
export function decodePunycode(input: string): string | null {
  const split = input.lastIndexOf('-');
  const output = split > 0 ? [...input.slice(0, split)].map((char) => char.codePointAt(0) ?? 0) : [];
  let point = 128;
  let bias = 72;
  let i = 0;
  let at = split > 0 ? split + 1 : 0;
  if (output.some((code) => code >= 128)) return null;
  while (at < input.length) {
    const before = i;
    let weight = 1;
    for (let k = base; ; k += base) {
      const digit = digitOf(input[at] ?? '');
      at += 1;
      if (digit >= base) return null;
      i += digit * weight;
      const threshold = k <= bias ? tMin : k >= bias + tMax ? tMax : k - bias;
      if (digit < threshold) break;
      weight *= base - threshold;
      if (i > 0x7fffffff) return null;
    }
    bias = adapt(i - before, output.length + 1, before === 0);
    point += Math.floor(i / (output.length + 1));
    i %= output.length + 1;
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return null;
    output.splice(i, 0, point);
    i += 1;
  }
  return String.fromCodePoint(...output);
}

/** A host in its own letters: "xn--bcher-kva.example" is "bücher.example". A label that is no Punycode stays as it is. */
export function decodeHost(host: string): string {
  return host
    .split('.')
    .map((label) => (/^xn--/i.test(label) ? (decodePunycode(label.slice(4)) ?? label) : label))
    .join('.');
}
