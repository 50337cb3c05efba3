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
