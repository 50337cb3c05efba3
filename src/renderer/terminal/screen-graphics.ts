import { WebglAddon } from '@xterm/addon-webgl';
import type { Terminal } from '@xterm/xterm';
import { letterSpacing } from './cells.ts';
import { GraphicsShare, hasGraphicsHardware } from './graphics.ts';

/** After a driver took a context away it needs a moment before it gives another one. */
const againMs = 1000;

/**
 * Which renderer draws a screen, and the width of cells that goes with it. The graphics renderer is the quick one on graphics
 * hardware; browsers allow few of its contexts, so only a shown screen has one.
 */
export class ScreenGraphics {
  private readonly terminal: Terminal;
  private readonly resized: () => void;
  private readonly share = new GraphicsShare();
  private addon: WebglAddon | null = null;
  private wanted = false;

  /** `resized` is called when cells became wider or narrower by themselves. */
  constructor(terminal: Terminal, resized: () => void) {
    this.terminal = terminal;
    this.resized = resized;
  }

  drawnBy(): 'graphics' | 'plain' {
    return this.addon === null ? 'plain' : 'graphics';
  }

  /** Draws a screen that is shown, by the graphics card if the setting and the machine allow it. */
  draw(setting: 'auto' | 'plain'): void {
    this.wanted = setting === 'auto';
    if (!this.wanted) this.drop();
    else if (this.addon === null && hasGraphicsHardware() && this.share.take()) this.take();
    this.space();
  }

  /** Gives the context back; the cells keep their width, so that a screen that is not shown keeps its size. */
  drop(): void {
    this.addon?.dispose();
    this.addon = null;
    this.share.giveBack();
  }

  /** The screen is not shown any more. */
  hide(): void {
    this.wanted = false;
    this.drop();
  }

  /** Only the graphics renderer cuts cells to whole pixels, those of the window that it is in. */
  space(): void {
    const ratio = this.terminal.element?.ownerDocument.defaultView?.devicePixelRatio ?? 1;
    const spacing = this.addon === null ? 0 : letterSpacing(this.terminal.options.fontSize ?? 13, ratio);
    if (this.terminal.options.letterSpacing !== spacing) this.terminal.options.letterSpacing = spacing;
  }

  private take(): void {
    try {
      const addon = new WebglAddon();
      addon.onContextLoss(() => this.lost(addon));
      this.terminal.loadAddon(addon);
      this.addon = addon;
    } catch {
      // No graphics context: xterm's own renderer goes on.
      this.share.refuse();
    }
  }

  private lost(addon: WebglAddon): void {
    const again = this.share.lost();
    addon.dispose();
    this.addon = null;
    this.space();
    this.resized();
    if (!again) return;
    setTimeout(() => {
      if (!this.wanted) return;
      this.draw('auto');
      this.resized();
    }, againMs);
  }
}
