import assert from 'node:assert/strict';
import { addUser, decide, listUsers } from '../lib/administrator.mjs';
import { enroll } from '../lib/enrollment.mjs';
import { assertHeading, assertSays, follow, heading } from '../lib/forms.mjs';
import { givePassword, signIn } from '../lib/sign_in.mjs';

const WORDS = {
  active: 'MFA active',
  enrolling: 'In enrollment period',
  expired: 'Enrollment period expired',
  optional: 'MFA set up, not required',
  required_without_period: 'MFA required, no enrollment period',
  none: 'MFA not set up',
};

/** A factor that is reset, and every status in the list, by filter and for programs. */
export async function resetAndStatuses(world, step, { ada, alice, ben }) {
  const { mailbox } = world;
  const api = await world.api(ada.email);
  const statusOf = async (id) => (await api.do('GET', `/users/${id}/mfa`)).status;

  await step('a reset asks for days and a reason, ends the sessions, and mails the user', async () => {
    await signIn(alice);
    assert.equal(await statusOf(alice.id), 'active');
    await decide(ada, alice.id, 'MFA', 'Reset MFA', { 'Days to set up MFA': '2', Reason: 'Lost the phone' });
    await assertSays(ada.page, 'In enrollment period');
    assert.equal(await statusOf(alice.id), 'enrolling');
    const mail = await mailbox.next(alice.email, 'Your MFA was reset');
    assert.match(mail.text, /within 2 days/);
    await alice.page.goto('/security');
    await assertHeading(alice.page, 'Sign in');
    await follow(ada.page, 'Activity');
    await assertSays(ada.page, 'Lost the phone');
  });

  await step('after the reset the password is enough, and the wizard comes again', async () => {
    await givePassword(alice);
    await assertSays(alice.page, '2 days');
    await enroll(alice);
    assert.equal(await heading(alice.page), 'Hello, Alice');
    assert.equal(await statusOf(alice.id), 'active');
  });

  await step('every status shows in the list, by its filter, and to programs', async () => {
    await decide(ada, ben.id, 'MFA', 'Remove the requirement');
    const [dora, eve, finn] = [
      await addUser(ada, { first: 'Dora', last: 'Diaz', email: 'dora@acme.test', username: 'dora' }),
      await addUser(ada, { first: 'Eve', last: 'Egli', email: 'eve@acme.test', username: 'eve' }),
      await addUser(ada, { first: 'Finn', last: 'Fox', email: 'finn@acme.test', username: 'finn', days: 7 }),
    ];
    await api.do('PUT', `/users/${eve}/mfa/requirement`, { enrollment_days: null });
    const people = {
      active: [alice.id, alice.email],
      enrolling: [finn, 'finn@acme.test'],
      expired: [null, 'cleo@acme.test'],
      optional: [ben.id, ben.email],
      required_without_period: [eve, 'eve@acme.test'],
      none: [dora, 'dora@acme.test'],
    };
    const all = await listUsers(ada);
    for (const [status, [id, email]] of Object.entries(people)) {
      const row = { email, words: WORDS[status] };
      assert.deepEqual(await listUsers(ada, `?mfa_status=${status}`), [row]);
      assert.deepEqual(all.find((each) => each.email === email), row);
      if (id) assert.equal(await statusOf(id), status);
      const found = await api.do('GET', `/users?mfa_status=${status}`);
      assert.deepEqual(found.items.map((user) => user.email), [email]);
    }
    assert.equal(all.length, 6);
  });

  await step('required and not yet set up are those in a period, those whose period expired, and those without one', async () => {
    const emails = async (query) => (await listUsers(ada, query)).map((user) => user.email).sort();
    assert.deepEqual(await emails('?mfa_requirement=not_required'), [ben.email, 'dora@acme.test']);
    assert.deepEqual(await emails('?mfa_requirement=required'), [alice.email, 'cleo@acme.test', 'eve@acme.test', 'finn@acme.test']);
    assert.deepEqual(await emails('?search=ali'), [alice.email]);
  });
}
