import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { WallClock } from './wall_clock.mjs';

const DAY = 86_400;
const WINDOW = 6;
const STEP = 30;
const ENDED = WINDOW * DAY + 3_600;

/** The end of the offline window (S8.5), and the way past it for somebody who is stuck (S8.8). */
export async function window(scene, step, people) {
  const { machine, logins, employees, api, world } = scene;
  const { alice, bob, carol } = people;
  const clock = new WallClock(scene);
  const byKey = (...codes) => logins.pam({ user: 'carol', key: true, codes });
  const says = (seen, words) => assert.match(seen.prompts.join(), words, JSON.stringify(seen));
  let spare;

  await step('a window of six days is on the device, and the portal says until when', async () => {
    await api.do('PATCH', '/organization', { offline_days: WINDOW });
    const left = async () => (Date.parse((await scene.bound(carol)).offline_until) / 1000 - world.clock.now) / DAY;
    await until('the shorter window', async () => (await left()) <= WINDOW + 0.1 && (await left()) > WINDOW - 1, 60);
    const { code } = await api.do('POST', `/devices/${scene.device}/users/${carol.id}/break-glass`, { hours: 168, reason: 'a long trip' });
    spare = world.secrets.add('break-glass code', code);
    await employees.letTimePass();
    await machine.cut();
  });

  await step('a day later codes are taken without a word', async () => {
    await clock.boot(DAY / 2);
    const seen = await byKey(employees.codeIn(carol, DAY / 2));
    assert.equal(seen.result, 0, JSON.stringify(seen));
    assert.deepEqual(seen.prompts, ['Verification code: ']);
  });

  await step('from five days before the end on the login says until when codes work here', async () => {
    await clock.boot(2 * DAY);
    const seen = await byKey(employees.codeIn(carol, 2 * DAY));
    assert.equal(seen.result, 0, JSON.stringify(seen));
    const end = new Date((world.clock.now + WINDOW * DAY) * 1000);
    const day = `${end.getUTCDate()} ${end.toLocaleString('en', { month: 'short', timeZone: 'UTC' })}`;
    says(seen, new RegExp(`^Without the network, codes work here until ${day}, \\d\\d:\\d\\d UTC\\.\nVerification code: $`));
    assert.equal((await logins.pam({ user: 'bob', password: bob.password })).result, 0);
  });

  await step('after the end who is enrolled is refused, and nobody else notices', async () => {
    await clock.boot(ENDED);
    const shell = await logins.rounds({ user: 'alice', password: alice.password, codes: [employees.codeIn(alice, ENDED)] });
    assert.equal(shell.in, false, JSON.stringify(shell));
    const console = await logins.pam({ service: 'login', user: 'alice', password: alice.password, codes: [employees.codeIn(alice, ENDED + STEP)] });
    assert.notEqual(console.result, 0);
    assert.match(console.shown.join(), /This computer has been without its server for too long to check codes\./);
    assert.equal((await logins.rounds({ user: 'bob', password: bob.password })).printed, 'bob');
    assert.equal((await logins.rounds({ user: 'lena', password: 'pw-of-lena' })).printed, 'lena');
    assert.match(await scene.agent.journal(), /sshd: alice.*: refused: the offline window ended/);
    const { covered_until: covered } = JSON.parse(await machine.sh('claviger-agent status --json'));
    assert.ok(covered === null || covered / 1e6 < world.clock.now + ENDED, String(covered));
  });

  await step('a break-glass code that is still good lets its person in, once', async () => {
    assert.equal((await byKey(spare)).result, 0);
    assert.notEqual((await byKey(spare)).result, 0);
  });

  await step('back on the network codes are taken again, and the log tells of the refusals', async () => {
    world.clock.advance({ seconds: ENDED });
    await api.do('PATCH', '/organization', { offline_days: 30 });
    await machine.restore();
    await clock.end();
    await until('a code being taken', async () => (await byKey(await employees.code(carol))).result === 0, 60);
    const refusals = await until('the refusals', async () => {
      const found = await scene.events('device.login.refused');
      return found.length >= 2 && found;
    });
    assert.ok(refusals.every(({ details }) => details.why === 'window_ended'), JSON.stringify(refusals));
    await scene.synced(carol);
  });
}
