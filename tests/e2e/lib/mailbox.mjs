import { once } from 'node:events';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { selfSigned } from './certificate.mjs';
import { until } from './wait.mjs';

async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** A mail server for every address, and what arrived. */
export class Mailbox {
  #server;
  #taken = new Set();
  mails = [];
  /** How often somebody connected. */
  lines = 0;

  /** One that takes no more than so many mails over a line. */
  static async open(encryption = 'plain', mailsEach = Infinity) {
    const box = new Mailbox();
    box.#server = new SMTPServer({
      disableReverseLookup: true,
      disabledCommands: encryption === 'plain' ? ['AUTH', 'STARTTLS'] : ['AUTH'],
      secure: encryption === 'implicit',
      ...(encryption === 'plain' ? {} : selfSigned()),
      onConnect: (session, done) => {
        box.lines += 1;
        session.begun = 0;
        done();
      },
      onMailFrom: (address, session, done) => {
        session.begun += 1;
        done(session.begun > mailsEach ? Object.assign(new Error('Too many mails'), { responseCode: 421 }) : null);
      },
      onData: (stream, session, done) => {
        box.#receive(stream, session).then(() => done(), done);
      },
    });
    // A client that refuses the certificate hangs up in the middle of the handshake.
    box.#server.on('error', () => {});
    box.#server.listen(0, '127.0.0.1');
    await once(box.#server.server, 'listening');
    return box;
  }

  get port() {
    return this.#server.server.address().port;
  }

  /** The mails to an address whose subject has these words. */
  to(address, words = '') {
    return this.mails.filter((mail) => mail.to.includes(address) && mail.subject.includes(words));
  }

  /** The next such mail: each is given out once. */
  async next(address, words) {
    const what = `the arrival of "${words}" for ${address}`;
    const mail = await until(what, () => this.to(address, words).find((each) => !this.#taken.has(each)));
    this.#taken.add(mail);
    return mail;
  }

  close() {
    return new Promise((resolve) => { this.#server.close(resolve); });
  }

  async #receive(stream, session) {
    const { subject, text, html, from, messageId } = await PostalMime.parse(await bytesOf(stream));
    const to = session.envelope.rcptTo.map((recipient) => recipient.address);
    this.mails.push({ to, from, subject, text, html, messageId });
  }
}

/** The one link in a mail, the same in its text and its HTML. */
export function linkIn(mail) {
  const [link] = mail.text.match(/https?:\/\/\S+/) ?? [];
  if (!link) throw new Error(`no link in the mail "${mail.subject}":\n${mail.text}`);
  if (!mail.html.includes(`href="${link}"`)) throw new Error(`the HTML of "${mail.subject}" has not the link of its text`);
  return link;
}
