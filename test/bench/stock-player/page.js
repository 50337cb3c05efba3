// Loads the recording and jumps to each moment (seconds) of `?moments=`; a jump is over when the page has painted what came of it. The first two are not counted.
const moments = new URL(location.href).searchParams.get('moments').split(',').map(Number);
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

window.measured = (async () => {
  const began = performance.now();
  const element = document.getElementById('player');
  const player = AsciinemaPlayer.create('/recording.cast', element, { preload: true, fit: false });
  await new Promise((resolve, reject) => {
    player.addEventListener('metadata', resolve);
    player.addEventListener('error', (event) =>
      reject(new Error(event?.message ?? event?.error ?? JSON.stringify(event))),
    );
  });
  // Its first jump waits for everything to be loaded.
  await player.seek(0);
  const loadMs = performance.now() - began;
  const ms = [];
  // Each moment's screen names its segment, so no two are the same.
  const drawn = () =>
    element.textContent + [...element.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()).join();
  let before = '';
  for (const moment of moments) {
    const from = performance.now();
    await player.seek(moment);
    await painted();
    ms.push(performance.now() - from);
    const now = drawn();
    if (now === before) throw new Error(`nothing was drawn at ${moment} s`);
    before = now;
  }
  return { loadMs, ms: ms.slice(2) };
})();
