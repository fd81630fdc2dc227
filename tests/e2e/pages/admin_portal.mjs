import { answered } from '../lib/forms.mjs';
import { signIn } from '../lib/sign_in.mjs';
import { asking, opening, refused, sending, visitAll } from './visit.mjs';

const follow = (page, name) => answered(page, () => page.getByRole('link', { name }).first().click());

const settings = [
  ['MFA Configurations', '/admin/mfa', undefined, { '1440 light': 'mfa.png' }],
  ['the question before TOTP is disabled', '/admin/mfa/totp/disable'],
  ['the question before TOTP is disabled, not answered', '/admin/mfa/totp/disable', refused('Disable TOTP')],
  ['Organization', '/admin/settings/organization'],
  ['Organization with mistakes', '/admin/settings/organization', refused('Save', {
    Name: '', 'Default enrollment period': '366', 'Shortest password': 'x',
  })],
  ['E-mail', '/admin/settings/email'],
  ['a test mail that is refused', '/admin/settings/email', refused('Send a test', { To: 'ada@acme.test' })],
  ['Mail queue', '/admin/settings/email/queue'],
  ['Activity Log', '/admin/activity', undefined, { '1440 light': 'activity.png' }],
  ['Activity Log, filtered', '/admin/activity?action=group:sign_in&outcome=failed'],
  ['Activity Log with a mistake', '/admin/activity?from=yesterday'],
  ['an entry of the log', '/admin/activity', async (page) => {
    await page.locator('.activity-table .row-link').first().click();
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
  }],
  ['Log settings', '/admin/activity/settings'],
  ['Log settings with mistakes', '/admin/activity/settings', refused('Save webhook', { URL: 'http://siem' })],
  ['My account', '/admin/account'],
  ['My account with a wrong password', '/admin/account', refused('Change password', { 'Current password': 'not this', 'New password': 'short' })],
];

const lists = [
  ['Home', '/admin', undefined, { '1440 light': 'home.png', '1440 dark': 'home-dark.png' }],
  ['the account menu', '/admin/settings/security', opening('summary[aria-label^="Account"]')],
  ['Users', '/admin/users', undefined, { '1440 light': 'users.png' }],
  ['Users whose period expired', '/admin/users?mfa_status=expired&sort=deadline&order=desc'],
  ['a search that finds nobody', '/admin/users?search=zzz'],
  ['Users with the details of a padlock', '/admin/users', (page) => page.locator('.padlock button').first().focus()],
  ['Add a user', '/admin/users/new'],
  ['Add a user with mistakes', '/admin/users/new', async (page) => {
    await page.getByLabel('Require Multi-factor Authentication on the User Portal').check();
    await refused('Add user', { 'E-mail': 'alice', Username: 'Not A Name', 'Days to set up MFA': '366' })(page);
  }],
];

const one = (enrolled, waiting) => [
  ['a user', enrolled, undefined, { '1440 light': 'user.png' }],
  ['a user in the period', waiting],
  ['a user with mistakes', enrolled, refused('Save', { 'E-mail': 'alice', Username: '' })],
  ["a user's activity", `${enrolled}/activity`],
  ["a user's MFA menu", enrolled, opening('main summary:has-text("MFA")')],
  ["a user's actions", enrolled, opening('main summary:has-text("Actions")')],
  ['the question before a reset', enrolled, asking('MFA', 'Reset MFA')],
  ['the page before a reset', `${enrolled}/mfa/reset`],
  ['a reset without a reason', `${enrolled}/mfa/reset`, refused('Reset MFA', { 'Days to set up MFA': '0' })],
  ['the page before the period is extended', `${waiting}/mfa/extend`],
  ['the page before the requirement is removed', `${enrolled}/mfa/remove`],
  ['the page before a user is unlocked', `${enrolled}/unlock`],
  ['the page before a user is suspended', `${enrolled}/suspend`],
  ['the page before a user is deleted', `${enrolled}/delete`],
  ['the page before a password reset', `${enrolled}/password-reset`],
  ['the page before the activation mail goes out again', `${waiting}/activation-email`],
  ['no such user', '/admin/users/00000000-0000-7000-8000-000000000000'],
];

const rollout = ({ group, job }) => [
  ['User Groups', '/admin/groups', undefined, { '1440 light': 'groups.png' }],
  ['a group without a name', '/admin/groups', refused('Make group', { Name: '' })],
  ['a group', `/admin/groups/${group.id}`, undefined, { '1440 light': 'group.png' }],
  ['a rule with mistakes', `/admin/groups/${group.id}`, refused('Save rule', { 'Days to set up MFA': '0', 'Size of a wave': 'x' })],
  ['a member who is nobody', `/admin/groups/${group.id}`, refused('Add member', { 'E-mail or username': 'nobody' })],
  ['Import users', '/admin/users/import'],
  ['an import without a file', '/admin/users/import', refused('Check the file', {})],
  ['everyone ticked', '/admin/users', async (page) => { await page.locator('[data-bulk-all]').check(); }],
  ['the columns', '/admin/users', opening('main summary:has-text("Columns")')],
  ['the question before MFA is required of all', '/admin/users', async (page) => {
    await page.locator('[data-bulk-all]').check();
    await sending('Continue…')(page);
  }],
  ['Jobs', '/admin/jobs'],
  ['a job', `/admin/jobs/${job.id}`],
  ['MFA Report', '/admin/report', undefined, { '1440 light': 'report.png' }],
  ['factors near the edge', '/admin/report/drift'],
  ['Hardware Tokens', '/admin/tokens'],
  ['the import of tokens', '/admin/tokens/import'],
  ['the texts of mails', '/admin/settings/email/texts'],
  ['a text', '/admin/settings/email/texts/mfa_required', undefined, { '1440 light': 'mail-text.png' }],
  ['the question before a text is restored', '/admin/settings/email/texts/mfa_removed', async (page) => {
    await sending('Save', { Subject: 'MFA is gone' })(page);
    await page.getByRole('link', { name: 'Back to the original words' }).click();
    await page.getByRole('dialog').waitFor();
  }],
];

const administrators = [
  ['Administrators', '/admin/administrators'],
  ['the form for an administrator', '/admin/administrators/new'],
  ['an administrator with mistakes', '/admin/administrators/new', refused('Add administrator', { 'E-mail': 'nobody' })],
  ['the roles', '/admin/roles'],
  ['Admins Without MFA Required', '/admin/administrators/without-mfa'],
  ['Security', '/admin/settings/security', undefined, { '1440 light': 'security.png' }],
  ['resets that wait', '/admin/resets'],
  ['the question for a fresh code', '/admin/step-up?return=/admin/mfa'],
  ['API Keys', '/admin/api-keys'],
  ['the form for a key', '/admin/api-keys/new'],
  ['a key with mistakes', '/admin/api-keys/new', refused('Make key', { Name: '', 'Allowed addresses': 'everywhere' })],
  ['Usage', '/admin/usage'],
  ['an administrator', '/admin/administrators', (page) => follow(page, /Ada Admin/)],
  ["an administrator's sessions", '/admin/administrators', async (page) => {
    await follow(page, /Ada Admin/);
    await follow(page, 'Sessions');
  }],
  ['the page before everyone is required', '/admin/settings/security/administrators/require'],
  ['the widgets of Home', '/admin/home/widgets'],
];

/** The Admin Portal with people in every state. */
export async function adminPages(t, { world, ada, users, group, job }) {
  const window = await world.window();
  await signIn(Object.assign(ada, { page: window.page }));
  const [enrolled, waiting] = [users.Alice, users.Xenia].map(({ id }) => `/admin/users/${id}`);
  await visitAll(t, window, [...lists, ...one(enrolled, waiting), ...rollout({ group, job }), ...administrators, ...settings]);
}
