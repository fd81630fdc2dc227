import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const OURS = ['Claviger:password,privileged', 'builtin:authenticate,privileged', 'Claviger:code', 'Claviger:entered,privileged'];
const AUTHENTICATE = '<string>builtin:authenticate,privileged</string>';

/** Who is asked for the code at the login window, and what they see (S8.18). */
export async function asking(scene, step) {
  const { machine, logins, employees, agent, api } = scene;
  const alice = await employees.hire('alice', { enrolled: true });
  const bob = await employees.hire('bob');
  const carol = await employees.hire('carol', { enrolled: true });
  const around = async () => {
    const all = await machine.mechanisms();
    const at = all.indexOf(OURS[1]);
    return all.slice(at - 1, at + 3);
  };

  await step('bound users get accounts of the Mac, and sign in with the directory\'s password (S8.12)', async () => {
    for (const person of [alice, bob, carol]) await scene.bind(person, person === alice ? 'with_password' : 'none');
    await until('the mechanisms', async () => (await around()).join() === OURS.join());
    const entry = await machine.sh('getent passwd alice');
    assert.match(entry, /^alice:x:\d+:20:alice Unger:\/Users\/alice:/);
    assert.match(await machine.sh('cat /etc/sudoers.d/claviger'), /alice/);
    assert.deepEqual(await logins.enter(alice), { in: true, ended_at: null, pages: [], rested: true });
    const wrong = await logins.try({ user: 'alice', password: 'not hers' });
    assert.deepEqual([wrong.in, wrong.ended_at], [false, OURS[0]]);
  });

  await step('beside another plug-in MFA is blocked, and both sides say by whom (S8.18)', async () => {
    // As if the other one had been there first, in the place of ours.
    await machine.changeRight('Claviger:code', 'XCreds:check');
    await scene.setMfa({ enabled: true });
    await scene.mfaIs('blocked');
    const { mfa } = await scene.about();
    assert.deepEqual([mfa.blocked, /XCreds:check/.test(mfa.detail)], ['login_window', true], JSON.stringify(mfa));
    await machine.changeRight('XCreds:check', 'Claviger:code');
    await scene.catchUp();
    await scene.mfaIs('on');
  });

  await step('password first, then the code', async () => {
    const seen = await logins.enter(alice, [await employees.code(alice)]);
    assert.deepEqual(seen, { in: true, ended_at: null, pages: [{ field: 'hidden', message: '' }], rested: true });
    assert.equal((await logins.enter(carol, [await employees.code(carol)])).in, true);
  });

  await step('a wrong, a late and a used code are refused in words', async () => {
    const late = employees.late(alice);
    const wrong = await logins.enter(alice, ['12345', alice.badCode(), late]);
    assert.deepEqual(wrong.pages.map(({ message }) => message).slice(0, 3), ['', 'The code has six digits.', 'That code is not right.'], JSON.stringify(wrong));
    assert.deepEqual([wrong.in, wrong.ended_at], [false, OURS[2]]);
    const code = await employees.code(alice);
    assert.equal((await logins.enter(alice, [code])).in, true);
    const again = await logins.enter(alice, [code, employees.codeIn(alice, 30)]);
    assert.deepEqual([/already used/.test(again.pages[1].message), again.in], [true, true], JSON.stringify(again));
  });

  await step('who has the wrong password is not asked for a code (S4.19)', async () => {
    const seen = await logins.try({ user: 'alice', password: 'not hers', codes: [await employees.code(alice)] });
    assert.deepEqual([seen.in, seen.pages], [false, []]);
  });

  await step('who is not enrolled or not bound sees nothing of it (S8.4)', async () => {
    await machine.sh('useradd -m lena; echo lena:lenas-own | chpasswd');
    assert.deepEqual((await logins.enter(bob)).pages, []);
    assert.deepEqual(await logins.try({ user: 'lena', password: 'lenas-own' }), { in: true, ended_at: null, pages: [], rested: true });
    await until('the report of it', async () => (await scene.events('device.login.first_factor')).length >= 1);
  });

  await step('a display that goes to sleep ends what was begun, and the next try is a new one', async () => {
    const seen = await logins.enter(alice, [], { at_the_end: 'deactivate' });
    assert.deepEqual([seen.in, seen.pages.length, seen.rested], [false, 1, true]);
    const back = await logins.enter(alice, []);
    assert.deepEqual([back.in, back.ended_at], [false, OURS[2]]);
    assert.equal((await logins.enter(alice, [await employees.code(alice)])).in, true);
  });

  await step('what is taken out of the right by hand comes back, and what others put in stays', async () => {
    await machine.changeRight('<string>Claviger:code</string>', '');
    await machine.changeRight('<string>loginwindow:done</string>', '<string>builtin:later</string><string>loginwindow:done</string>');
    await scene.catchUp();
    await until('the mechanisms', async () => (await around()).join() === OURS.join());
    assert.ok((await machine.mechanisms()).includes('builtin:later'));
    await machine.changeRight('<string>builtin:later</string>', '');
    assert.ok((await machine.right()).includes(AUTHENTICATE));
  });

  await step('nobody but root and the login window is answered', async () => {
    const call = `import socket
caller = socket.socket(socket.AF_UNIX)
caller.connect('/var/run/claviger-login.sock')
hello = b'claviger login 1\\nphase=code\\nuser=alice\\nservice=macos-loginwindow\\nrhost=\\ntty=\\nshown=nothing\\nkey=\\n'
caller.sendall(len(hello).to_bytes(2, 'big') + hello)
size = int.from_bytes(caller.recv(2), 'big')
print(caller.recv(size).decode())`;
    const answered = await machine.do('runuser', ['-u', 'lena', '--', 'python3', '-c', call]);
    assert.match(answered, /deny/);
    assert.match(await agent.journal(), /asked for "alice": refused/);
  });

  await step('a suspended user is locked, and is let in again', async () => {
    await api.do('POST', `/users/${bob.id}/suspend`);
    await scene.accountIs(bob, 'locked');
    const locked = await logins.enter(bob);
    assert.equal(locked.in, false, JSON.stringify(locked));
    await api.do('POST', `/users/${bob.id}/activate`);
    await scene.accountIs(bob, 'ready');
    assert.equal((await logins.enter(bob)).in, true);
  });
  return { alice, bob, carol };
}
