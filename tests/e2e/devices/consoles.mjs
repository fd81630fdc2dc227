import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

/** The console, the greeter, sudo and su (S8.11). */
export async function consoles(scene, step, people) {
  const { logins, employees } = scene;
  const { alice, bob } = people;

  await step('login asks on a terminal, and only who is enrolled', async () => {
    const entered = await logins.login('alice', alice.password, [await employees.code(alice)]);
    assert.equal(entered.code, 0, entered.stdout);
    const other = await logins.login('bob', bob.password);
    assert.equal(other.code, 0, other.stdout);
    assert.ok(!other.stdout.includes('code'));
  });

  await step('login takes a second try after a wrong code', async () => {
    const entered = await logins.login('alice', alice.password, [alice.badCode(), await employees.code(alice)]);
    assert.equal(entered.code, 0, entered.stdout);
    assert.match(entered.stdout, /That code is not right/);
  });

  await step('greetd carries the question to its greeter', async () => {
    const seen = await logins.greetd({ user: 'alice', password: alice.password, codes: [await employees.code(alice)] });
    assert.equal(seen.in, true, JSON.stringify(seen));
    assert.deepEqual(seen.rounds.map(([, text]) => text), ['Password: ', 'Verification code: ']);
    const other = await logins.greetd({ user: 'bob', password: bob.password });
    assert.deepEqual([other.in, other.rounds.length], [true, 1], JSON.stringify(other));
    const wrong = await logins.greetd({ user: 'alice', password: alice.password, codes: [] });
    assert.equal(wrong.in, false);
  });

  await step('sudo and su ask only where the device is told so', async () => {
    const sudo = (turns) => logins.terminal(['su', '--pty', '-', 'alice', '-c', 'sudo -k; sudo id -u'], turns);
    const before = await sudo([['assword', alice.password]]);
    assert.match(before.stdout, /^0\r?$/m, before.stdout);
    await scene.change({ sudo_asks: true });
    await until('sudo asking', async () => {
      const seen = await logins.pam({ service: 'sudo', user: 'alice', password: alice.password });
      return seen.prompts.some((prompt) => prompt.includes('Verification'));
    });
    const after = await sudo([['assword', alice.password], ['erification code:', await employees.code(alice)]]);
    assert.match(after.stdout, /^0\r?$/m, after.stdout);
    const su = await logins.terminal(['su', '--pty', '-', 'bob', '-c', 'su alice -c id'], [['assword', alice.password], ['erification code:', await employees.code(alice)]]);
    assert.match(su.stdout, /\(alice\)/);
    await scene.change({ sudo_asks: false });
  });
}
