import { enrollQuickly, registerQuickly, setUpMailQuickly, setUpQuickly, signInQuickly } from '../lib/seed.mjs';
import { linkIn } from '../lib/mailbox.mjs';
import { DAYS, PEOPLE, emailOf } from './people.mjs';

const NO_SERVER = 9;
const REGISTERED_ONLY = ['Farid', 'Wei', 'Yusuf'];

async function add(api, first, last, days) {
  const email = emailOf(first);
  const mfa = days ? { mfa: { enrollment_days: days } } : {};
  const { id } = await api.do('POST', '/users', {
    username: first.toLowerCase(), email, first_name: first, last_name: last, display_name: '', activate: true, ...mfa,
  });
  return { id, email };
}

/** Three weeks in which people join and set MFA up, or don't. */
async function liveThrough(world, api, users) {
  for (let day = 0; day < DAYS; day += 1) {
    for (const [first, last, , days] of PEOPLE.filter((person) => person[2] === day)) {
      users[first] = await add(api, first, last, days);
      if (REGISTERED_ONLY.includes(first)) users[first].person = await registerQuickly(world, users[first]);
    }
    for (const [first] of PEOPLE.filter((person) => person[4] === day)) {
      users[first].person = await registerQuickly(world, users[first]);
      await enrollQuickly(users[first].person);
    }
    world.clock.advance({ days: 1 });
  }
}

async function mailedPath({ mailbox }, address, subject) {
  return new URL(linkIn(await mailbox.next(address, subject))).pathname;
}

async function failToSignIn(world) {
  const failures = [2, 0, 1, 0, 0, 3, 1, 0, 1, 0, 2, 4];
  for (const count of failures) {
    for (let n = 0; n < count; n += 1) {
      await world.visitor().post('/sign-in', { identifier: `stranger${n}`, password: 'guess' });
    }
    world.clock.advance({ hours: 1 });
  }
}

/** An organization with people in every state, a mail that doesn't leave, and an administrator. */
export async function openScene(world) {
  const ada = await setUpQuickly(world);
  await setUpMailQuickly(ada, world.mailbox.port);
  const api = await world.api(ada.email);
  await api.do('PUT', '/organization/mfa/totp', { enabled: true });
  await api.do('PATCH', '/organization', { support_contact: 'the IT desk, room 4.12' });
  const users = {};
  await liveThrough(world, api, users);
  for (const first of ['Kofi', 'Lea']) await api.do('DELETE', `/users/${users[first].id}/mfa/requirement`);
  await api.do('PUT', `/users/${users.Carl.id}/mfa/requirement`, { enrollment_days: null });
  await api.do('POST', `/users/${users.Daniel.id}/suspend`);
  await failToSignIn(world);
  await signInQuickly(ada);
  await world.visitor().post('/forgot-password', { identifier: users.Bruno.email });
  const links = {
    registration: await mailedPath(world, users.Bea.email, 'account'),
    reset: await mailedPath(world, users.Bruno.email, 'Choose a new password'),
  };
  await setUpMailQuickly(ada, NO_SERVER);
  users.Fiona = await add(api, 'Fiona', 'Aalto', 7);
  const group = await api.do('POST', '/groups', { name: 'Sales', description: 'Everyone who meets customers' });
  await api.do('PUT', `/groups/${group.id}/rule`, { kind: 'waves', enrollment_days: 7, wave_size: 50, wave_hours: 24, pause_at: 20 });
  for (const first of ['Alice', 'Bea']) await api.do('PUT', `/groups/${group.id}/users/${users[first].id}`);
  const job = await api.do('POST', '/users/bulk', { action: 'activate', filter: {} });
  return { world, ada, api, users, links, group, job };
}
