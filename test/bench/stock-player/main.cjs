// A window of its own for asciinema-player: prints `RESULT json` or `FAILED why`.
const { app, BrowserWindow } = require('electron');

const url = process.argv.find((argument) => argument.startsWith('--url='))?.slice(6) ?? '';

/** @param {string} line */
function end(line) {
  process.stdout.write(`${line}\n`, () => app.exit(0));
}

void app.whenReady().then(async () => {
  const window = new BrowserWindow({ width: 1000, height: 700, webPreferences: { backgroundThrottling: false } });
  window.webContents.on('render-process-gone', (_event, { reason }) => end(`FAILED its page was gone: ${reason}`));
  await window.loadURL(url);
  try {
    const result = await window.webContents.executeJavaScript('window.measured');
    const pid = window.webContents.getOSProcessId();
    const metrics = app.getAppMetrics().find((metric) => metric.pid === pid);
    end(`RESULT ${JSON.stringify({ ...result, memoryMb: (metrics?.memory.workingSetSize ?? 0) / 1000 })}`);
  } catch (error) {
    end(`FAILED ${String(error).split('\n')[0]}`);
  }
});
