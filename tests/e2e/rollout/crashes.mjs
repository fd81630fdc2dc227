import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';
import { until } from '../lib/wait.mjs';

const COUNT = 700;
const KILLS = 6;

const names = Array.from({ length: COUNT }, (_, n) => `u${n}`);

/** The import without a browser: gives the address of the job. */
async function importAll({ visitor }) {
  const rows = ['username,email', ...names.map((name) => `${name},${name}@acme.test`)];
  const answer = await visitor.upload('/admin/users/import', { enrollment_days: '7', activate: 'on' }, 'people.csv', rows.join('\n'));
  assert.equal(answer.status, 303, answer.html);
  return answer.location;
}

async function through(world, api, id, kills) {
  let killed = 0;
  await until('the end of the job', async () => {
    if (killed < kills) {
      await pause(Math.random() * 120);
      await world.server.kill();
      await world.server.start();
      killed += 1;
    }
    const job = await api.do('GET', `/jobs/${id}`);
    return job.state === 'done';
  }, 120);
  return api.do('GET', `/jobs/${id}`);
}

/** Imports and requires while the server is taken away; then everyone is there once and was told once. */
export async function crashes(world) {
  const ada = await setUpQuickly(world);
  await ada.visitor.post('/admin/mfa/totp/enable', {});
  const api = await world.api(ada.email);
  const job = await importAll(ada);
  assert.equal((await ada.visitor.post(`${job}/start`, {})).status, 303);
  const made = await through(world, api, job.split('/').at(-1), KILLS);
  assert.deepEqual([made.total, made.done, made.skipped], [COUNT, COUNT, 0]);
  const started = await api.do('POST', '/users/bulk', { action: 'require_mfa', filter: {}, enrollment_days: 7 });
  const required = await through(world, api, started.id, KILLS);
  assert.deepEqual([required.total, required.done, required.skipped], [COUNT, COUNT, 0]);
  await setUpMailQuickly(ada, world.mailbox.port);
  const told = (words) => world.mailbox.mails
    .filter((mail) => mail.subject.includes(words) && mail.to[0].startsWith('u')).map((mail) => mail.to[0]);
  for (const words of ['account', 'MFA is now required']) {
    await until(`all mails "${words}"`, () => told(words).length >= COUNT, 240);
  }
  await pause(1_500);
  for (const words of ['account', 'MFA is now required']) {
    assert.equal(told(words).length, COUNT);
    assert.equal(new Set(told(words)).size, COUNT);
  }
  assert.match(await world.server.command('audit', 'verify'), /^The log is whole/);
  return `${2 * KILLS} kills, ${COUNT} users made and required`;
}
