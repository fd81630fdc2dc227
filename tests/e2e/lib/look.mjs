import { findBarriers, findBarriersOfColor } from './axe.mjs';
import { keepPicture } from './browser.mjs';

export const WIDTHS = [375, 768, 1440];
export const THEMES = ['light', 'dark'];
// The themes differ by CSS's light-dark() in the tokens, which takes nothing but colors.
const HEIGHT = 900;

const isTooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

async function lookOnce(page, find) {
  const found = await find(page);
  return (await isTooWide(page)) ? [...found, 'the page scrolls sideways'] : found;
}

/** Looks at the page as it is now in every width and theme: what is wrong with it, where. */
export async function look({ page, complaints }, pictures = {}) {
  const findings = [];
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    const find = theme === 'light' ? findBarriers : findBarriersOfColor;
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      const view = `${width} ${theme}`;
      if (pictures[view]) await keepPicture(page, pictures[view]);
      findings.push(...(await lookOnce(page, find)).map((finding) => `${view}: ${finding}`));
    }
  }
  return [...findings, ...complaints.splice(0)];
}
