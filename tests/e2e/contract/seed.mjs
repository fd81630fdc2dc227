import { Api } from '../lib/api.mjs';
import { setUpQuickly } from '../lib/seed.mjs';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const NAMES = ['alice', 'bob', 'carol', 'dave', 'eve', 'frank'];

/** An organization with something of every kind: a key for all of it, keys to revoke, and the ids by what they are ids of. */
export async function seed(world) {
  const ada = await setUpQuickly(world);
  const said = await world.server.command('admin', 'api-key', 'create', '--email', ada.email, '--name', 'contract');
  const key = world.secrets.add('API key', said.match(/clv_\S+/)[0]);
  const api = new Api(world.server.url, key);
  await api.do('PUT', '/organization/mfa/totp', { enabled: true });
  const users = [];
  for (const username of NAMES) {
    const mfa = { enrollment_days: 7 };
    users.push((await api.do('POST', '/users', { username, email: `${username}@acme.test`, activate: true, mfa })).id);
  }
  const groups = [];
  for (const name of ['Sales', 'Support', 'Legal']) groups.push((await api.do('POST', '/groups', { name })).id);
  const administrators = [];
  for (const name of ['grace', 'hedy', 'iris']) {
    const { id } = await api.do('POST', '/administrators', { email: `${name}@acme.test`, role: 'manager' });
    administrators.push(id);
  }
  const file = ['serial,secret', ...[1001, 1002, 1003].map((serial) => `${serial},${SECRET}`)].join('\n');
  const imported = await api.call('POST', '/tokens/import', file, { 'content-type': 'text/csv' });
  if (imported.status !== 200) throw new Error(JSON.stringify(imported.body));
  const tokens = (await api.do('GET', '/tokens')).items.map(({ id }) => id);
  const keys = [];
  for (const name of ['vpn', 'report', 'backup']) {
    const { secret, key: made } = await api.do('POST', '/api-keys', { name, expires: '30' });
    world.secrets.add('API key', secret);
    keys.push(made.id);
  }
  const job = await api.do('POST', '/users/bulk', { action: 'extend', ids: [users[0]], enrollment_days: 1 });
  const mails = (await api.do('GET', '/mails')).items.map(({ id }) => id);
  return { key, ids: { users, groups, administrators, tokens, jobs: [job.id], mails, 'api-keys': keys } };
}
