import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { images } from '../lib/environment.mjs';
import { THEMES, WIDTHS, look } from '../lib/look.mjs';

const FILLINGS = [['everything', '/_design', 'full'], ['nothing', '/_design/bare', 'bare']];

/** Pictures of the whole page, for whoever compares one version with another. */
async function keepWhole(page, name) {
  if (!images) return;
  const folder = join(images, 'components');
  mkdirSync(folder, { recursive: true });
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`), fullPage: true });
    }
  }
}

/** Every component in each state, which only a debug build shows. */
export async function components(t, world) {
  const window = await world.window();
  for (const [words, path, name] of FILLINGS) {
    await t.test(`every component with ${words}: nothing in the way, at any width, light and dark`, async () => {
      const { page } = window;
      assert.equal((await page.goto(path)).status(), 200, 'this is no debug build');
      await keepWhole(page, name);
      assert.deepEqual(await look(window), []);
    });
  }
}
