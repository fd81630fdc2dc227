import assert from 'node:assert/strict';
import { etc } from '../devices/installing.mjs';
import { Logins } from '../devices/logins.mjs';
import { until } from '../lib/wait.mjs';
import { SERVICES, SOCKETS } from './service.mjs';

const UNITS = [...SOCKETS, ...SERVICES];
const EXPOSURE = /Overall exposure level for \S+: ([\d.]+) (\w+)/;
// What systemd says when a line of a unit asks for what the machine can't give.
const NOT_POSSIBLE = /(?:Failed to|does not support|not supported|Permission denied|Operation not permitted|audit:).*/;

/** The package and its units, until MFA is in force. */
export async function starting(scene, step) {
  const { machine, agent, employees } = scene;

  await step('the package brings units that nothing starts before the device is enrolled', async () => {
    scene.before = await etc(machine);
    await agent.install();
    const { stdout } = await machine.run('systemctl', ['is-enabled', ...UNITS]);
    assert.deepEqual(stdout.trim().split('\n'), UNITS.map(() => 'disabled'));
    // Even if somebody starts them.
    await machine.run('systemctl', ['start', ...UNITS]);
    const active = await machine.run('systemctl', ['is-active', ...UNITS]);
    assert.deepEqual(active.stdout.trim().split('\n'), UNITS.map(() => 'inactive'));
  });

  await step('enrolling enables and starts them, and the device reports', async () => {
    const enrolled = await agent.enroll(scene.url, await scene.connectKey(), scene.authority);
    assert.equal(enrolled.code, 0, enrolled.stdout + enrolled.stderr);
    scene.device = (await scene.api.do('GET', '/devices')).items[0].id;
    await agent.start();
    await until('the first report', async () => (await scene.about()).ssh_server === 'present', 60);
    const { stdout } = await machine.run('systemctl', ['is-enabled', ...UNITS]);
    assert.deepEqual(stdout.trim().split('\n'), UNITS.map(() => 'enabled'));
  });

  await step('bound users get accounts, keys and sudo, and MFA comes in force, under the limits of the units', async () => {
    scene.people = { alice: await employees.hire('alice', { enrolled: true, key: true }), bob: await employees.hire('bob') };
    const { alice, bob } = scene.people;
    await scene.bind(alice, 'with_password');
    await scene.bind(bob);
    await scene.setMfa({ enabled: true, ssh_first_factors: 'both' });
    await scene.mfaIs('on');
    await scene.synced(alice);
  });
}

/** What the units promise, as the kernel and systemd see it. */
export async function limits(scene, step, tell) {
  const { machine, agent } = scene;
  const about = async (unit) => machine.sh(`cat /proc/${await machine.property(unit, 'MainPID')}/status`);
  const field = (status, name) => status.match(new RegExp(`^${name}:\\s*(.*)$`, 'm'))[1];

  await step('the half with the network has no capabilities, the root half those of its unit, and neither gets more', async () => {
    const [tasks, run] = [await about(SERVICES[0]), await about(SERVICES[1])];
    assert.deepEqual(['CapEff', 'CapBnd', 'CapPrm', 'NoNewPrivs', 'Seccomp'].map((name) => field(run, name)), ['0000000000000000', '0000000000000000', '0000000000000000', '1', '2']);
    assert.deepEqual([field(tasks, 'NoNewPrivs'), field(tasks, 'Seccomp')], ['1', '2']);
    const uid = (await machine.sh('id -u claviger')).trim();
    assert.deepEqual([field(tasks, 'Uid').split(/\s+/)[0], field(run, 'Uid').split(/\s+/)[0]], ['0', uid]);
    const modes = await machine.sh('stat -c "%a %U %G %n" /run/claviger-agent/*.sock /var/lib/claviger-agent /var/lib/claviger-agent-tasks');
    assert.deepEqual(modes.trim().split('\n'), [
      '666 root root /run/claviger-agent/login.sock', '660 root claviger /run/claviger-agent/tasks.sock',
      '700 claviger claviger /var/lib/claviger-agent', '700 root root /var/lib/claviger-agent-tasks',
    ]);
  });

  await step('systemd finds the services well confined', async () => {
    for (const [unit, bound] of [[SERVICES[1], 2], [SERVICES[0], 5]]) {
      const { stdout } = await machine.run('systemd-analyze', ['security', '--no-pager', unit]);
      const [, level, word] = stdout.match(EXPOSURE) ?? assert.fail(stdout);
      tell(`systemd-analyze security ${unit}: ${level} ${word}`);
      assert.ok(Number(level) <= bound, `${unit}: ${level}`);
    }
    const verified = await machine.run('systemd-analyze', ['verify', ...UNITS.map((unit) => `/usr/lib/systemd/system/${unit}`)]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  });

  await step('no unit failed, and none was refused anything', async () => {
    assert.equal(await machine.do('systemctl', ['list-units', '--failed', '--no-legend', '--plain', 'claviger*']), '');
    const said = await machine.do('journalctl', ['--no-pager', '--boot', ...UNITS.flatMap((unit) => ['--unit', unit])]);
    for (const line of said.split('\n').filter((each) => NOT_POSSIBLE.test(each))) tell(line);
    assert.doesNotMatch(said, /claviger-agent\[\d+\]: .*(Permission denied|not permitted|Read-only)/);
    assert.doesNotMatch(await agent.journal(), /comm="claviger-agent" .*(SIGSYS|sig=31)/);
  });
}

const ask = (scene, person, codes) => scene.logins.pam({ service: 'login', user: person.username, password: person.password, codes });

/** What happens to them. */
export async function lives(scene, step) {
  const { machine, agent, employees, logins } = scene;
  const { alice, bob } = scene.people;

  await step('sshd, login and sudo ask for the code', async () => {
    const byPassword = await logins.rounds({ user: 'alice', password: alice.password, codes: [await employees.code(alice)] });
    assert.equal(byPassword.printed, 'alice', JSON.stringify(byPassword));
    const byKey = await logins.rounds({ user: 'alice', key: alice.key, codes: [await employees.code(alice)] });
    assert.equal(byKey.printed, 'alice', JSON.stringify(byKey));
    const refused = await logins.rounds({ user: 'alice', password: alice.password, codes: [alice.badCode()] });
    assert.equal(refused.in, false);
    const other = await logins.rounds({ user: 'bob', password: bob.password });
    assert.equal(other.printed, 'bob');
    assert.doesNotMatch(other.rounds.flat().join(), /code/);
    const entered = await logins.login('alice', alice.password, [await employees.code(alice)]);
    assert.equal(entered.code, 0, entered.stdout);
    const sudo = await logins.terminal(['su', '--pty', '-', 'alice', '-c', 'sudo id -u'], [['assword', alice.password]]);
    assert.match(sudo.stdout, /^0\r?$/m, sudo.stdout);
  });

  await step('a login starts the agent where it was stopped (socket activation)', async () => {
    const code = await employees.code(alice);
    await agent.stop();
    const { stdout } = await machine.run('systemctl', ['is-active', ...SERVICES]);
    assert.deepEqual(stdout.trim().split('\n'), ['inactive', 'inactive']);
    const seen = await ask(scene, alice, [code]);
    assert.equal(seen.result, 0, JSON.stringify(seen));
    await agent.start();
  });

  await step('a half that is killed is started again, and a login in between waits', async () => {
    const code = await employees.code(alice);
    for (const unit of SERVICES) await agent.kill(unit);
    const seen = await ask(scene, alice, [code]);
    assert.equal(seen.result, 0, JSON.stringify(seen));
    await agent.start();
    for (const unit of SERVICES) assert.ok(Number(await machine.property(unit, 'NRestarts')) >= 1, unit);
  });

  await step('after a reboot the device is enrolled as before, and asks before it heard of the server', async () => {
    // A program that was started from outside the machine would hold its end up.
    scene.logins.stop();
    scene.logins = new Logins(machine);
    await scene.world.server.stop();
    await machine.reboot();
    await agent.start();
    const wrong = await ask(scene, alice, [alice.badCode()]);
    assert.notEqual(wrong.result, 0);
    const seen = await ask(scene, alice, [await employees.codeOffline(alice)]);
    assert.equal(seen.result, 0, JSON.stringify(seen));
    await scene.world.server.start();
    await scene.catchUp();
    const doctor = await machine.run('claviger-agent', ['doctor', '--user', 'alice']);
    // The clocks of this test are apart.
    const bad = doctor.stdout.split('\n').filter((line) => line.startsWith('BAD') && !/the clock is/.test(line));
    assert.deepEqual(bad, [], doctor.stdout + doctor.stderr);
    assert.equal((await scene.api.do('GET', '/devices')).items.length, 1);
  });
}
