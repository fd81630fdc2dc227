import assert from 'node:assert/strict';
import { addUser, decide, listUsers } from '../lib/administrator.mjs';
import { enroll } from '../lib/enrollment.mjs';
import { assertHeading, assertSays, heading, text } from '../lib/forms.mjs';
import { givePassword, signIn, signOut } from '../lib/sign_in.mjs';
import { newcomer, putOff, register } from '../lib/user.mjs';
import { SUPPORT } from './first_run.mjs';

const REMINDER = 'left to set up MFA';
const PHONE_AT_NIGHT = { width: 375, height: 812, theme: 'dark' };
const DONT_MATCH = "That e-mail or username and password don't match.";

/** A user who never sets MFA up, until the time is over and beyond. */
export async function deadline(world, step, ada) {
  const { mailbox, clock, server } = world;
  const ben = await newcomer(world, { email: 'ben@acme.test', password: 'granite orchard pepper 88' }, PHONE_AT_NIGHT);
  const cleo = { email: 'cleo@acme.test' };

  await step('a second user puts it off', async () => {
    ben.id = await addUser(ada, { first: 'Ben', last: 'Bauer', email: ben.email, username: 'ben', days: 7 });
    await register(world, ben);
    await putOff(ben);
    await signOut(ben);
    await addUser(ada, { first: 'Cleo', last: 'Cruz', email: cleo.email, username: 'cleo', days: 6 });
  });

  await step('the reminder arrives 24 hours before the deadline and not earlier', async () => {
    clock.advance({ days: 5, hours: 1 });
    await mailbox.next(cleo.email, REMINDER);
    assert.equal(mailbox.to(ben.email, REMINDER).length, 0);
    clock.advance({ days: 1 });
    await mailbox.next(ben.email, REMINDER);
    assert.equal(mailbox.to('alice@acme.test', REMINDER).length, 0);
  });

  await step('on the last day the prompt still lets Ben in', async () => {
    await givePassword(ben);
    assert.match(await text(ben.page), /You have 2[0-9] hours left to set up MFA\./);
    await putOff(ben);
    await signOut(ben);
  });

  await step('after the deadline a right password is told that the time has ended, a wrong one only that it is wrong', async () => {
    clock.advance({ days: 1 });
    await givePassword(ben, 'not the password at all');
    await assertSays(ben.page, DONT_MATCH);
    await givePassword(ben);
    await assertHeading(ben.page, 'The time to set up MFA has ended');
    await assertSays(ben.page, `Contact ${SUPPORT} to get access again.`);
    await ben.page.goto('/');
    assert.notEqual(await heading(ben.page), 'Hello, Ben');
    assert.equal(mailbox.to(ben.email, REMINDER).length, 1);
  });

  await step('the administrator sees who is locked out and gives Ben 3 more days', async () => {
    await signIn(ada);
    assert.deepEqual(await listUsers(ada, '?mfa_status=expired&sort=name&order=asc'), [
      { email: ben.email, words: 'Enrollment period expired' },
      { email: cleo.email, words: 'Enrollment period expired' },
    ]);
    await decide(ada, ben.id, 'MFA', 'Extend the period', { 'Days to set up MFA': '3' });
    await assertSays(ada.page, 'In enrollment period');
    await mailbox.next(ben.email, 'Your time to set up MFA has changed');
  });

  await step('nothing of that is lost when the server is killed', async () => {
    await server.kill();
    await server.start();
    await ada.page.goto(`/admin/users/${ben.id}`);
    await assertSays(ada.page, '3 days left');
  });

  await step('Ben signs in again, sets MFA up, and is asked for the code from then on', async () => {
    await givePassword(ben);
    await assertSays(ben.page, '3 days');
    await enroll(ben);
    assert.equal(await heading(ben.page), 'Hello, Ben');
    await signOut(ben);
    await signIn(ben);
    assert.equal(await heading(ben.page), 'Hello, Ben');
  });

  return ben;
}
