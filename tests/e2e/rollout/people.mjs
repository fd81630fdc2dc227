/** A CSV file of so many users, and rows that can't be used among them. */
export function file(count) {
  const rows = ['username,email,first_name,last_name,enable_user_portal_multifactor,EnrollmentDays,shoe_size'];
  for (let n = 0; n < count; n += 1) rows.push(`u${n},u${n}@acme.test,User,Number ${n},,,42`);
  rows.splice(10, 0, 'U3,other@acme.test,Twin,,,,', '2bad,bad@acme.test,,,,,', 'late,late@acme.test,,,true,366,');
  return `\u{feff}${rows.join('\r\n')}\r\n`;
}

/** Chooses a file in the window's import form. */
export const upload = (page, name, text) =>
  page.getByLabel('CSV file').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
