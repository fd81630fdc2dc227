import assert from 'node:assert/strict';
import { sendTestMail, setUpMail } from '../lib/administrator.mjs';
import { text } from '../lib/forms.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { signIn } from '../lib/sign_in.mjs';
import { until } from '../lib/wait.mjs';
import { anyone } from './scene.mjs';

const MAILS = 12;

/** A mail server whose certificate nobody vouches for, and one that has soon enough of a line. */
export async function mailServer(t, { world, ada, api }) {
  const { page } = await world.window();
  const person = Object.assign(ada, { page });
  await signIn(person);
  for (const encryption of ['implicit', 'starttls']) {
    await t.test(`a test mail tells that the certificate is not to be trusted (${encryption}), and nothing is sent`, async () => {
      const stranger = await Mailbox.open(encryption);
      await setUpMail(person, stranger, encryption);
      assert.ok(await sendTestMail(person, ada.email) >= 400);
      const said = await text(page);
      await stranger.close();
      assert.match(said, /The mail server didn't take the test: .*certificate/);
      assert.equal(stranger.mails.length, 0);
    });
  }

  await t.test('a server that ends a line after three mails gets every mail at once, and each once', async () => {
    const narrow = await Mailbox.open('plain', 3);
    await setUpMail(person, narrow, 'plain');
    const forms = Array.from({ length: MAILS }, anyone);
    for (const form of forms) await api.do('POST', '/users', { ...form, activate: true });
    await until('all mails', () => narrow.mails.length >= MAILS);
    assert.deepEqual(narrow.mails.flatMap(({ to }) => to).sort(), forms.map(({ email }) => email).sort());
    assert.ok(narrow.lines >= MAILS / 3, `${narrow.lines} lines`);
    await setUpMail(person, world.mailbox, 'plain');
    await narrow.close();
  });
}
