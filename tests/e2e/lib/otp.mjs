import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oathtool, zbarimg } from './environment.mjs';

const STEP = 30;
const NEAR = 40;

function codes(secret, from, more) {
  const words = ['--totp', '-b', secret, '--now', `@${from}`, '--window', String(more)];
  return execFileSync(oathtool, words, { encoding: 'utf8' }).trim().split('\n');
}

/** The code that an authenticator shows at that time. */
export const codeAt = (secret, seconds) => codes(secret, seconds, 0)[0];

/** A code that is not right anywhere near that time. */
export function wrongCode(secret, seconds) {
  const near = new Set(codes(secret, seconds - NEAR * STEP, 2 * NEAR));
  for (let number = 123_456; ; number += 1) {
    if (!near.has(String(number))) return String(number);
  }
}

/** What the QR code says whose light modules are drawn in these lines of a terminal, two rows in each. */
export function readTerminalQr(lines) {
  const rows = lines.flatMap((line) => ['█▀', '█▄'].map((light) => [...line].map((each) => (light.includes(each) ? '0' : '1')).join('')));
  const [scale, width] = [4, Math.max(...rows.map((row) => row.length))];
  const stretched = rows.flatMap((row) => Array(scale).fill([...row.padEnd(width, '0')].map((each) => each.repeat(scale)).join('')));
  const text = stretched.join('\n').replace(/[01]{60}/g, '$&\n');
  return readQr(Buffer.from(`P1\n${width * scale} ${stretched.length}\n${text}\n`), 'screen.pbm');
}

/** What the QR code in a picture says. */
export function readQr(picture, name = 'screen.png') {
  const folder = mkdtempSync(join(tmpdir(), 'qr-'));
  try {
    const file = join(folder, name);
    writeFileSync(file, picture);
    return execFileSync(zbarimg, ['--raw', '--quiet', '--nodbus', file], { encoding: 'utf8' }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The parts of an otpauth address as an authenticator takes them. */
export function parseOtpauth(address) {
  const { protocol, host, pathname, searchParams } = new URL(address);
  const [issuer, account] = pathname.slice(1).split(':').map(decodeURIComponent);
  return { address, type: `${protocol}//${host}`, issuer, account, parameters: Object.fromEntries(searchParams) };
}
