import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLORS = ['color-contrast', 'link-in-text-block'];

const tellNode = ({ target, html, failureSummary }) =>
  `    ${target.join(' ')}: ${html.slice(0, 160)}\n      ${failureSummary.replaceAll('\n', ' ')}`;

const tell = ({ id, help, nodes }) => [`${id}: ${help}`, ...nodes.map(tellNode)].join('\n');

/** What axe finds on the page, one readable entry a rule. */
export const findBarriers = (page) => ask(page, RULES);

/** The same of what another theme can change: colors. */
export const findBarriersOfColor = (page) => ask(page, COLORS);

async function ask(page, wanted) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    // Half a megabyte: the browser keeps it for what the window shows next.
    await page.addInitScript(source);
    await page.evaluate(source);
  }
  const violations = await page.evaluate(async (rules) => {
    const { violations: found } = await window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
    return found.map(({ id, help, nodes }) => ({
      id, help, nodes: nodes.map(({ target, html, failureSummary }) => ({ target, html, failureSummary })),
    }));
  }, wanted);
  return violations.map(tell);
}
