import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { chromium as executablePath, images } from './environment.mjs';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // No page lives long enough to earn what its scripts are made faster with, or what gathering its memory early saves.
  '--js-flags=--no-opt --no-maglev --min-semi-space-size=64 --max-semi-space-size=64',
];
const PATIENCE = 20_000;

export const launch = () => chromium.launch({ executablePath, args: ARGUMENTS });

// The answer to a form with a mistake is a page like any other, but the console calls it a failure.
const isStatusOfPage = (message, page) =>
  message.text().startsWith('Failed to load resource') && message.location().url === page.url();

/** Notes what a page complains about: script errors, refused styles and scripts, missing files. */
function listen(page, complaints) {
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure();
    if (errorText !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${errorText}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && !isStatusOfPage(message, page)) complaints.push(`console: ${message.text()}`);
  });
}

// Nobody is signed in by what a page is drawn with.
const DRAWN_WITH = ['stylesheet', 'script', 'image', 'font'];

async function noteCookies(response, secrets) {
  if (DRAWN_WITH.includes(response.request().resourceType())) return;
  for (const { name, value } of await response.headersArray()) {
    const token = name.toLowerCase() === 'set-cookie' && value.match(/^[^=]*=([^;]{20,})/)?.[1];
    if (token) secrets.add('session cookie', token);
  }
}

/** A browser window of its own, with nobody signed in. */
export async function openWindow(browser, { url, secrets, width = 1440, height = 900, theme = 'light', script = true }) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: theme,
    javaScriptEnabled: script,
    reducedMotion: 'reduce',
    // Only a test's own authority vouches for its server.
    ignoreHTTPSErrors: url.startsWith('https:'),
  });
  context.setDefaultTimeout(PATIENCE);
  context.on('response', (response) => { noteCookies(response, secrets).catch(() => {}); });
  const page = await context.newPage();
  const complaints = [];
  listen(page, complaints);
  return { page, context, complaints };
}

/** Keeps a picture of what the window shows, if pictures are wanted. */
export async function keepPicture(page, name) {
  if (!images) return;
  mkdirSync(images, { recursive: true });
  await page.screenshot({ path: join(images, name) });
}
