import assert from 'node:assert/strict';

/** What the whole story may have left behind. */
export async function nothingGivenAway(world, step) {
  await step('no page complained in any browser', () => {
    assert.deepEqual(world.complaints(), []);
  });

  await step('no password, code, secret, session or link is in the logs', () => {
    assert.ok(world.server.logs.length > 0);
    assert.deepEqual(world.secrets.in(world.server.logs), []);
  });

  await step('nor in the database', () => {
    const contents = world.database.contents();
    assert.ok(contents.includes('ada@acme.test'), 'what is no secret can be read');
    assert.deepEqual(world.secrets.inDatabase(contents), []);
  });

  await step('mails carry no password, code or secret, and no mail came twice', () => {
    const letters = world.mailbox.mails.map((mail) => `${mail.text}\n${mail.html}`);
    const given = world.secrets.in(letters.join('\n')).filter((secret) => !secret.startsWith('link token'));
    assert.deepEqual(given, []);
    const ids = world.mailbox.mails.map((mail) => mail.messageId);
    assert.equal(new Set(ids).size, ids.length);
  });

  await step('the server stops when it is asked to', async () => {
    assert.equal(await world.server.stop(), 0);
  });
}
