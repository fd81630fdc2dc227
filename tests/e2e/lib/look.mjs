import { findBarriers } from './axe.mjs';
import { keepPicture } from './browser.mjs';

export const WIDTHS = [375, 768, 1440];
export const THEMES = ['light', 'dark'];
const HEIGHT = 900;

const isTooWide = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

async function lookOnce(page) {
  const found = await findBarriers(page);
  return (await isTooWide(page)) ? [...found, 'the page scrolls sideways'] : found;
}

/** Looks at the page as it is now in every width and theme: what is wrong with it, where. */
export async function look({ page, complaints }, pictures = {}) {
  const findings = [];
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      const view = `${width} ${theme}`;
      if (pictures[view]) await keepPicture(page, pictures[view]);
      findings.push(...(await lookOnce(page)).map((finding) => `${view}: ${finding}`));
    }
  }
  return [...findings, ...complaints.splice(0)];
}
