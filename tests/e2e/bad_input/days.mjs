import assert from 'node:assert/strict';
import { signInQuickly } from '../lib/seed.mjs';
import { errorAt } from '../lib/visitor.mjs';
import { anyone, changingNothing, newUser } from './scene.mjs';

const REFUSED = ['0', '366', 'abc', '', '-1', '1.5', '1e2', '7 days', '0x10', '٧', '99999999999999999999'];
const MESSAGE = 'Days must be between 1 and 365.';

/** The form of a user as it is shown, with the requirement ticked. */
async function shown({ visitor }, { path }) {
  const { html } = await visitor.get(path);
  const [, form] = html.match(new RegExp(`<form[^>]* action="${path}"(.*?)</form>`, 's'));
  const inputs = form.matchAll(/<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"/g);
  return { ...Object.fromEntries([...inputs].map(([, name, value]) => [name, value])), require_mfa: 'on' };
}

const forms = ({ enrolled, waiting, optional, ada }) => {
  const edit = (user) => async (enrollment_days) => [user.path, { ...await shown(ada, user), enrollment_days }];
  return {
    'a new user': (enrollment_days) => ['/admin/users/new', { ...anyone(), require_mfa: 'on', enrollment_days }],
    'an edited user': edit(optional),
    'an edited user in the period': edit(waiting),
    'a requirement': (enrollment_days) => [`${optional.path}/mfa/require`, { enrollment_days }],
    'a longer period': (enrollment_days) => [`${waiting.path}/mfa/extend`, { enrollment_days }],
    'a reset': (enrollment_days) => [`${enrolled.path}/mfa/reset`, { enrollment_days, reason: 'Lost the phone' }],
    'the default of the organization': (enrollment_days) => ['/admin/settings/organization', { ...ORGANIZATION, enrollment_days }],
  };
};

const ORGANIZATION = {
  name: 'Acme', support_contact: '', time_zone: 'UTC', issuer: 'Acme', window: 'tolerant', codes_at_setup: '1', recovery_codes: 'on',
  password_min_length: '12', admin_idle_minutes: '15', user_idle_minutes: '60', session_hours: '12',
};

/** S4.1: the days to set MFA up, in every form that asks for them. */
export async function days(t, scene) {
  const { ada, waiting, api, world } = scene;
  scene.optional = await newUser(scene);
  for (const [what, form] of Object.entries(forms(scene))) {
    await t.test(`the days of ${what} are refused beside the field unless they are between 1 and 365`, () =>
      changingNothing(scene, async () => {
        for (const value of REFUSED) {
          const page = await ada.visitor.post(...await form(value));
          assert.equal(page.status, 422, `"${value}"`);
          assert.match(errorAt(page, 'enrollment_days') ?? '', /must be between 1 and 365\.$/, `"${value}"`);
          if (what !== 'the default of the organization') assert.equal(errorAt(page, 'enrollment_days'), MESSAGE);
        }
      }));
  }

  await t.test('1 and 365 days are taken, with spaces around them too', async () => {
    for (const value of ['1', '365', ' 30 ']) {
      assert.equal((await ada.visitor.post(`${waiting.path}/mfa/require`, { enrollment_days: value })).status, 303);
    }
    assert.equal((await api.do('GET', `/users/${waiting.id}/mfa`)).status, 'enrolling');
  });

  await t.test('days typed on the page of a user in the period count from now', async () => {
    await ada.visitor.post(waiting.path, { ...await shown(ada, waiting), enrollment_days: '12' });
    const { seconds_left } = await api.do('GET', `/users/${waiting.id}/mfa`);
    assert.equal(Math.ceil(seconds_left / 86_400), 12);
  });

  await t.test('a page that was opened a while ago and saved with another name leaves the deadline alone', async () => {
    world.clock.advance({ hours: 23, minutes: 55 });
    await signInQuickly(ada);
    const { deadline } = await api.do('GET', `/users/${waiting.id}/mfa`);
    const form = await shown(ada, waiting);
    world.clock.advance({ minutes: 10 });
    assert.equal((await ada.visitor.post(waiting.path, { ...form, first_name: 'Una' })).status, 303);
    assert.equal((await api.do('GET', `/users/${waiting.id}/mfa`)).deadline, deadline);
  });
}
