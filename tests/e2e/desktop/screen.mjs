import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { images } from '../lib/environment.mjs';
import { until } from '../lib/wait.mjs';

// Light letters on dark ground and dark ones on light, some of them small: read twice, enlarged.
const READ = `import -window root /run/screen.png
for way in "" -negate; do
  convert /run/screen.png -colorspace Gray -resize 300% $way -normalize /run/screen.read.png
  tesseract /run/screen.read.png - --psm 11 2>/dev/null || true
done`;
const KEEP = 'import -window root -depth 8 /run/kept.png; convert /run/kept.png -gravity center -crop "$0+0+0" +repage -strip -colors 255 PNG8:/share/kept.png';
const WHOLE = '1024x640';
/** So much of the middle shows what is asked. */
export const MIDDLE = '640x400';

/** What somebody before a machine sees, and their keyboard. */
export class Screen {
  #environment = {};

  constructor(machine) {
    this.machine = machine;
  }

  /** Looks at this display from now on. */
  at(display) {
    this.#environment = { DISPLAY: display };
  }

  #do(line, ...words) {
    return this.machine.do('sh', ['-euc', line, ...words], { environment: this.#environment });
  }

  async text() {
    return this.#do(READ);
  }

  /** Waits until this can be read on it; spaces don't count, which is where reading errs. */
  async says(pattern, seconds = 60) {
    let seen = '';
    try {
      return await until(`${pattern} on the screen`, async () => {
        seen = (await this.text()).replace(/\s+/g, '');
        return pattern.test(seen);
      }, seconds);
    } catch (error) {
      await this.keep('desktop/failed.png').catch(() => {});
      throw new Error(`${error.message}; it says: ${seen}`);
    }
  }

  async type(text) {
    await this.#do('xdotool type --delay 40 -- "$0"; xdotool key Return', text);
  }

  /** Keeps a picture of the screen, or of so much of its middle, for the docs and for who looks into a failure. */
  async keep(name, size = WHOLE) {
    if (!images) return;
    await this.#do(KEEP, size);
    const path = join(images, name);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(join(this.machine.share, 'kept.png'), path);
  }
}
