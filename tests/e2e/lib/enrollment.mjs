import assert from 'node:assert/strict';
import { assertHeading, follow, press, typeCode } from './forms.mjs';
import { parseOtpauth, readQr } from './otp.mjs';

/** Reads the QR code off the screen and checks that it and the words beside it say the same (S4.7). */
export async function scan(person) {
  const { page, secrets, email } = person;
  await assertHeading(page, 'Scan the QR code');
  const qr = parseOtpauth(readQr(await page.screenshot()));
  const { secret, issuer, ...others } = qr.parameters;
  secrets.add('TOTP secret', secret);
  assert.equal(qr.type, 'otpauth://totp');
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.deepEqual([qr.issuer, qr.account, others], [issuer, email, {}]);
  assert.ok(!qr.address.includes('+'));
  const key = await page.locator('#key').innerText();
  assert.deepEqual(key.trim().split(/\s+/), secret.match(/.{4}/g));
  return secret;
}

/** From the first page of the wizard to the QR code. */
export async function beginEnrollment(person, button = 'Continue') {
  await assertHeading(person.page, 'Set up MFA');
  await press(person.page, button);
  return scan(person);
}

/** The recovery codes on the screen, each in four groups of four (S4.9). */
export async function readRecoveryCodes(person) {
  const codes = await person.page.locator('#recovery-codes li').allInnerTexts();
  for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
  assert.equal(new Set(codes).size, 10);
  person.recoveryCodes = codes.map((code) => person.secrets.add('recovery code', code));
}

/** The code that confirms the secret, and the way out of the wizard. */
export async function finishEnrollment(person, secret) {
  const { page } = person;
  person.setSecret(secret);
  await follow(page, 'Next');
  await typeCode(page, person.freshCode());
  await assertHeading(page, 'MFA setup is complete');
  await readRecoveryCodes(person);
  await follow(page, 'I saved them');
}

export async function enroll(person) {
  await finishEnrollment(person, await beginEnrollment(person));
}
