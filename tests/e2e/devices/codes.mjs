import assert from 'node:assert/strict';

const SIZE = 4096;

const verify = (scene, person, code) => scene.api.do('POST', `/users/${person.id}/mfa/verify`, { code }).then(({ result }) => result);

/** What codes are taken, and which never (S4.17, section 15). */
export async function codes(scene, step, people) {
  const { logins, employees, world } = scene;
  const { alice, carol } = people;
  const byKey = (...given) => logins.pam({ user: 'carol', key: true, codes: given });

  await step('a code counts once, on the device and in the portal together (S4.17)', async () => {
    const here = await employees.code(carol);
    assert.equal((await byKey(here)).result, 0);
    assert.notEqual((await byKey(here)).result, 0);
    assert.equal(await verify(scene, carol, here), 'already_used');
    const there = await employees.code(carol);
    assert.equal(await verify(scene, carol, there), 'accepted');
    const seen = await byKey(there);
    assert.notEqual(seen.result, 0);
    assert.match(seen.prompts.join(), /already used/);
  });

  await step('of the same code on two ways at once one is in', async () => {
    for (let round = 0; round < 5; round += 1) {
      const code = await employees.code(carol);
      const tries = await Promise.all([byKey(code), byKey(code), byKey(code), verify(scene, carol, code)]);
      const taken = tries.filter((each) => each === 'accepted' || each.result === 0);
      assert.equal(taken.length, 1, JSON.stringify(tries));
    }
  });

  await step('wrong, late, empty and endless answers let nobody in, and the next right one does', async () => {
    const hostile = ['', ' ', carol.badCode(), employees.late(carol), '12345', '1234567', 'x'.repeat(SIZE), `${'0'.repeat(SIZE)}\u0007`, '%s%n', "' OR 1=1", '12\u00a03456'];
    for (const answer of hostile) {
      const seen = await byKey(answer, answer, answer, answer, answer);
      assert.notEqual(seen.result, 0, JSON.stringify(answer.slice(0, 20)));
      assert.ok(seen.prompts.length <= 4, `${seen.prompts.length} questions`);
      if ((await scene.api.do('GET', `/users/${carol.id}/mfa`)).locked) await scene.api.do('POST', `/users/${carol.id}/unlock`);
    }
    await scene.api.do('POST', `/users/${carol.id}/unlock`);
    assert.equal((await byKey(await employees.code(carol))).result, 0);
  });

  await step('a code in two groups of three is the same code', async () => {
    const code = await employees.code(carol);
    assert.equal((await byKey(`${code.slice(0, 3)} ${code.slice(3)} `)).result, 0);
  });

  await step('the password given to the question for the code goes nowhere', async () => {
    const seen = await logins.rounds({ user: 'alice', password: alice.password, codes: [alice.password, alice.password, alice.password] });
    assert.equal(seen.in, false);
    assert.equal(seen.rounds.flat().filter((prompt) => prompt.includes('code')).length, 1, JSON.stringify(seen));
    assert.deepEqual(world.secrets.in(await scene.agent.journal()), []);
  });

  await step('wrong codes count on the server, and lock the factor for every place (S4.19)', async () => {
    for (let round = 0; round < 5; round += 1) await byKey(carol.badCode(), carol.badCode(), carol.badCode());
    assert.equal(await verify(scene, carol, carol.badCode()), 'locked');
    assert.notEqual((await byKey(await employees.code(carol))).result, 0);
    assert.match(await scene.agent.journal(), /carol .*the factor is locked after too many wrong codes/);
    await scene.api.do('POST', `/users/${carol.id}/unlock`);
    assert.equal((await byKey(await employees.code(carol))).result, 0);
  });

  await step("names that are nobody's end as with any other program", async () => {
    for (const user of ['nobody-at-all', '../../etc/x', 'ALICE', 'a'.repeat(300), 'alice\nservice=cron', '']) {
      const seen = await logins.pam({ service: 'login', user, password: 'x', codes: ['123456'] });
      assert.notEqual(seen.result, 0, JSON.stringify(user));
    }
  });
}
