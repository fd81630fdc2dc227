import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const HIDDEN = [false, false, true, false];
const ALL = [true, true, true, true];
const POLICY = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';
const INCORRECT = 'The user name or password is incorrect. Try again.';
const [TITLE, USER, PASSWORD, MESSAGE, CODE, SUBMIT, AGAIN] = [0, 1, 2, 3, 4, 5, 6];

/** Who is asked for the code, where, and what they see (S8.15). */
export async function asking(scene, step) {
  const { machine, logins, employees, agent } = scene;
  const alice = await employees.hire('alice', { enrolled: true });
  const bob = await employees.hire('bob');
  const carol = await employees.hire('carol', { enrolled: true });
  const people = { alice, bob, carol };

  await step('bound users get accounts and, while MFA is off, a tile beside the others: password alone (S8.12)', async () => {
    for (const person of [alice, bob, carol]) await scene.bind(person);
    const seen = await until('the tile', async () => {
      const tried = await logins.enter(alice);
      return tried.offered && tried;
    });
    assert.deepEqual([seen.allowed, seen.in, seen.steps.length], [ALL, true, 1], JSON.stringify(seen));
    const wrong = await logins.try({ user: 'alice', password: 'not hers' });
    assert.deepEqual([wrong.in, wrong.steps[0].text], [false, INCORRECT]);
  });

  await step('MFA is enabled without a question about SSH, and hides every other way in', async () => {
    await scene.setMfa({ enabled: true });
    await scene.mfaIs('on');
    for (const scenario of ['logon', 'unlock']) {
      const { allowed, offered } = await logins.enter(bob, [], { scenario });
      assert.deepEqual([allowed, offered], [HIDDEN, true], scenario);
    }
    assert.equal(await machine.value(POLICY, 'HideFastUserSwitching'), '0x1');
  });

  await step('prompts of programs, of a new password and before the network are not for us', async () => {
    for (const scenario of ['credui', 'change_password', 'plap']) {
      const seen = await logins.enter(alice, [], { scenario });
      assert.deepEqual([seen.allowed, seen.offered], [ALL, false], scenario);
    }
  });

  await step('password first, then the code, on the same tile', async () => {
    const seen = await logins.enter(alice, [await employees.code(alice)]);
    assert.equal(seen.in, true, JSON.stringify(seen));
    assert.deepEqual([seen.tiles, seen.nobodys_tile, seen.wild_fields_refused, seen.goes_on_by_itself], [1, true, true, false]);
    assert.deepEqual(seen.fields.map(({ kind }) => kind), [1, 4, 5, 2, 5, 9, 3]);
    const [first, second] = seen.steps;
    assert.deepEqual([first.is_finished, first.asks_for_code, first.text, first.focus], [false, true, '', CODE]);
    assert.deepEqual([second.is_finished, second.icon], [true, 0]);
    const { domain, ...entered } = seen.entered;
    assert.deepEqual(entered, { purpose: 'logon', user: 'alice', password_is_the_same: true, session: true });
    assert.ok(domain.length > 0 && !domain.includes('.'));
    assert.deepEqual([seen.report.text, seen.report.asks_for_code], ['', false]);
  });

  await step('a wrong, a used and no code are refused in words, and after three the tile begins anew', async () => {
    const used = employees.late(alice);
    const seen = await logins.enter(alice, ['12345', alice.badCode(), used]);
    assert.equal(seen.in, false);
    assert.deepEqual(seen.steps.map(({ message }) => message), ['', 'The code has six digits.', 'That code is not right.', 'That code is not right.']);
    assert.deepEqual(seen.steps.map((each) => each.asks_for_code), [true, true, true, false]);
    assert.deepEqual(seen.shown, [TITLE, USER, PASSWORD, MESSAGE, SUBMIT]);
    const code = await employees.code(alice);
    assert.equal((await logins.enter(alice, [code])).in, true);
    const again = await logins.enter(alice, [code, employees.codeIn(alice, 30)]);
    assert.match(again.steps[1].message, /already used/);
    assert.equal(again.in, true, 'the next one is right');
  });

  await step('who has the wrong password is not asked for a code (S4.19)', async () => {
    const seen = await logins.try({ user: 'alice', password: 'not hers', codes: [await employees.code(alice)] });
    assert.deepEqual([seen.in, seen.steps.length, seen.steps[0].text, seen.steps[0].icon], [false, 1, INCORRECT, 1], JSON.stringify(seen.steps));
    const empty = await logins.try({ user: ' ', password: '' });
    assert.match(empty.steps[0].text, /Enter your user name/);
  });

  await step('who must use MFA and has not set it up gets in with the password alone (S8.4)', async () => {
    const seen = await logins.enter(bob);
    assert.deepEqual([seen.in, seen.steps.length, seen.entered.user], [true, 1, 'bob'], JSON.stringify(seen));
    await until('the report of it', async () => (await scene.events('device.login.first_factor')).length >= 1);
  });

  await step('unlocking asks for no code, by our own tile', async () => {
    const seen = await logins.enter(alice, [], { scenario: 'unlock' });
    assert.deepEqual([seen.in, seen.steps.length, seen.entered.purpose], [true, 1, 'unlock'], JSON.stringify(seen));
  });

  await step('what Remote Desktop brought along is asked for the code and nothing else', async () => {
    const given = { remote: true, domain: '.' };
    const seen = await logins.enter(carol, [await employees.code(carol)], given);
    assert.deepEqual([seen.goes_on_by_itself, seen.in, seen.steps.length], [true, true, 2], JSON.stringify(seen));
    assert.equal(seen.entered.user, 'carol');
    const wrong = await logins.enter(carol, [carol.badCode(), carol.badCode(), carol.badCode()], given);
    assert.equal(wrong.in, false);
    assert.match(await agent.journal(), /windows-remote: carol.*: wrong code/);
  });

  await step('however the name is typed it is the same person, and others are asked nothing', async () => {
    for (const user of ['ALICE', '.\\Alice', ' alice ']) {
      const seen = await logins.try({ user, password: alice.password });
      assert.deepEqual([seen.in, seen.steps[0].asks_for_code], [false, true], user);
    }
    for (const user of ['lena', 'ACME\\alice', 'alice@acme.test']) {
      const seen = await logins.try({ user, password: 'pw' });
      assert.deepEqual([seen.in, seen.steps[0].asks_for_code], [true, false], user);
    }
  });

  await step('somebody else can go back to the name', async () => {
    const seen = await logins.enter(alice, [], { again: true });
    assert.deepEqual([seen.in, seen.shown], [false, [TITLE, USER, PASSWORD, MESSAGE, SUBMIT]]);
    assert.ok((await logins.enter(alice)).shown.includes(AGAIN));
  });

  await step('what Windows makes of it is said in words, or left to Windows', async () => {
    const told = async (status, sub_status = 0) => (await logins.enter(bob, [], { status, sub_status })).report;
    assert.deepEqual(await told(0xc000006d), { text: INCORRECT, icon: 1, asks_for_code: false, password: '' });
    assert.match((await told(0xc000006e, 0xc0000072)).text, /disabled/);
    assert.match((await told(0xc0000234)).text, /locked/);
    assert.equal((await told(0xc0000224)).text, '', 'a password that must change');
  });
  return people;
}
