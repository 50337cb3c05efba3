/** Names under which a graphics driver says that the processor does its work. */
const software = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let known: boolean | null = null;

/**
 * Whether a graphics processor draws for us. Measured with software in its place: xterm's WebGL renderer makes 10 frames a second
 * in a flood where its DOM renderer makes 60, so a machine without the hardware (many virtual ones) gets the latter.
 */
export function hasGraphicsHardware(): boolean {
  if (known !== null) return known;
  const context = document.createElement('canvas').getContext('webgl2');
  const details = context?.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = context && details ? context.getParameter(details.UNMASKED_RENDERER_WEBGL) : '';
  known = context !== null && !(typeof name === 'string' && software.test(name));
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return known;
}

/** What draws the terminals under this setting, in words for whoever asks. */
export function rendererInWords(setting: 'auto' | 'plain'): string {
  if (setting === 'plain') return 'Plain, as set';
  return hasGraphicsHardware() ? 'Graphics card' : 'Plain: no graphics card draws here';
}

/** Chromium takes the oldest context away when a seventeenth is made, also from one that is looked at. Some are left to others. */
const contextsAtMost = 12;
/** Contexts that a screen may lose before it does without one. */
const lossesAtMost = 3;
const holders = new Set<object>();

/**
 * Who may hold one of the browser's few graphics contexts: a screen that is shown, while there are some left, until it has lost too
 * many.
 */
export class GraphicsShare {
  private losses = 0;

  /** Takes a context's place if there is one for this screen now; says whether it has one. */
  take(): boolean {
    if (holders.has(this)) return true;
    if (this.losses >= lossesAtMost || holders.size >= contextsAtMost) return false;
    holders.add(this);
    return true;
  }

  giveBack(): void {
    holders.delete(this);
  }

  /** The driver took it away. Says whether it is worth to try again. */
  lost(): boolean {
    this.giveBack();
    this.losses += 1;
    return this.losses < lossesAtMost;
  }

  /** There are none to have here. */
  refuse(): void {
    this.giveBack();
    this.losses = lossesAtMost;
  }
}
