import type { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';

/**
 * The inside of @xterm/headless 6.0.0 as far as a keyframe needs it: its public interface tells neither scroll region nor saved cursors, charsets, tab
 * stops or current attributes. The only place that knows these names; the package is pinned, and `insideOf` refuses another shape.
 */
export interface InsideAttributes {
  fg: number;
  bg: number;
  extended: InsideExtended;
}

export interface InsideExtended {
  underlineStyle: number;
  underlineColor: number;
  urlId: number;
  clone(): InsideExtended;
}

export interface InsideLine {
  isWrapped: boolean;
  length: number;
  getWidth(index: number): number;
  getString(index: number): string;
  getFg(index: number): number;
  getBg(index: number): number;
  hasContent(index: number): number;
  translateToString(trimRight?: boolean, startColumn?: number, endColumn?: number): string;
  resize(cols: number, fill: unknown): boolean;
  _extendedAttrs: Record<number, InsideExtended | undefined>;
}

/** One of xterm's tables of characters that stand for ASCII ones; undefined is ASCII itself. */
export type Charset = Record<string, string> | undefined;

export interface InsideBuffer {
  lines: { length: number; maxLength: number; get(index: number): InsideLine | undefined };
  getNullCell(): unknown;
  ybase: number;
  x: number;
  y: number;
  scrollTop: number;
  scrollBottom: number;
  tabs: Record<number, boolean | undefined>;
  savedX: number;
  savedY: number;
  savedCurAttrData: InsideAttributes;
  savedCharset: Charset;
}

export interface ColorRequest {
  /** 0 report, 1 set, 2 restore. */
  type: number;
  /** 0-255 of the palette, 256 foreground, 257 background, 258 cursor; absent for "restore all". */
  index?: number;
  color?: [number, number, number];
}

export interface Inside {
  _bufferService: {
    cols: number;
    rows: number;
    buffers: { active: InsideBuffer; normal: InsideBuffer; alt: InsideBuffer };
    scroll(attributes: InsideAttributes, isWrapped?: boolean): void;
  };
  _inputHandler: {
    _curAttrData: InsideAttributes & { updateExtended(): void };
    _parser: { currentState: number; precedingJoinState: number };
    _utf8Decoder: { interim: Uint8Array };
    _windowTitle: string;
    _iconName: string;
    _unicodeService: { charProperties(code: number, preceding: number): number };
    parse(data: string | Uint8Array): unknown;
    print(data: Uint32Array, start: number, end: number): void;
    onColor(listener: (requests: ColorRequest[]) => void): unknown;
    repeatPrecedingCharacter(parameters: { params: number[]; length: number }): boolean;
  } & Record<string, unknown>;
  coreService: {
    isCursorHidden: boolean;
    modes: { insertMode: boolean };
    decPrivateModes: {
      applicationCursorKeys: boolean;
      applicationKeypad: boolean;
      bracketedPasteMode: boolean;
      cursorBlink: boolean | undefined;
      cursorStyle: 'block' | 'underline' | 'bar' | undefined;
      origin: boolean;
      reverseWraparound: boolean;
      sendFocus: boolean;
      synchronizedOutput: boolean;
      wraparound: boolean;
    };
  };
  _charsetService: { charset: Charset; glevel: number; _charsets: Charset[] };
  coreMouseService: { activeProtocol: string; activeEncoding: string };
  optionsService: { rawOptions: { convertEol: boolean; cursorBlink: boolean } };
}

/** Throws `Error` when the package is not the one whose inside this file describes. */
export function insideOf(terminal: Terminal): Inside {
  const core: unknown = Reflect.get(terminal, '_core');
  if (!isInside(core)) throw new Error('@xterm/headless has another inside than src/recording/screen knows');
  return core;
}

function isInside(core: unknown): core is Inside {
  if (typeof core !== 'object' || core === null) return false;
  const has = (path: string) =>
    path.split('.').reduce<unknown>((at, key) => (at == null ? undefined : Reflect.get(Object(at), key)), core) !==
    undefined;
  return [
    '_bufferService.buffers.normal.savedCurAttrData',
    '_bufferService.scroll',
    '_inputHandler._curAttrData.extended',
    '_inputHandler._parser.precedingJoinState',
    '_inputHandler._parser.currentState',
    '_inputHandler._utf8Decoder.interim',
    '_inputHandler._unicodeService.charProperties',
    '_inputHandler.parse',
    '_inputHandler.print',
    '_inputHandler.repeatPrecedingCharacter',
    'coreService.decPrivateModes.origin',
    'coreService.modes.insertMode',
    '_charsetService._charsets',
    'coreMouseService.activeProtocol',
    'optionsService.rawOptions.convertEol',
  ].every(has);
}
