// While "Live" is on, the newest entries come on top of the log as they are sealed. It stops by itself when nobody
// looks or touches anything, so that it keeps no session alive.
const EVERY = 2000;
const UNTOUCHED = 10 * 60 * 1000;
const SHOWN = 200;

class Tail {
  constructor(button) {
    this.button = button;
    this.after = button.dataset.after;
    this.state = document.querySelector('[data-tail-state]');
    this.rows = document.querySelector('[data-tail-rows]');
    this.timer = 0;
    this.touched = Date.now();
  }

  get on() {
    return this.button.getAttribute('aria-pressed') === 'true';
  }

  say(text) {
    this.state.textContent = text;
  }

  turn(on) {
    this.button.setAttribute('aria-pressed', String(on));
    clearTimeout(this.timer);
    this.say(on ? 'New entries come by themselves.' : 'Paused.');
    if (on) this.look();
  }

  async look() {
    if (Date.now() - this.touched > UNTOUCHED) {
      this.turn(false);
      return;
    }
    if (!document.hidden) await this.fetchNewest();
    if (this.on) this.timer = setTimeout(() => this.look(), EVERY);
  }

  async fetchNewest() {
    const address = new URL(this.button.dataset.tail, window.location.href);
    address.searchParams.set('after', this.after);
    try {
      const answer = await fetch(address, { credentials: 'same-origin' });
      if (answer.redirected || !answer.ok) {
        this.turn(false);
        this.say('This page is out of date. Refresh it.');
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      this.show(page.querySelector('table[data-after]'));
    } catch {
      this.say('The server is not there at the moment.');
    }
  }

  show(fresh) {
    if (!fresh) return;
    this.after = fresh.dataset.after;
    const rows = [...fresh.querySelectorAll('tr')];
    const unknown = rows.filter((row) => !this.rows.querySelector(`[data-entry="${row.dataset.entry}"]`));
    if (unknown.length === 0) return;
    this.rows.prepend(...unknown.map((row) => document.importNode(row, true)));
    this.rows.closest('table').hidden = false;
    document.querySelector('[data-tail-empty]')?.remove();
    while (this.rows.children.length > SHOWN) this.rows.lastElementChild.remove();
    this.say(unknown.length === 1 ? '1 new entry.' : `${unknown.length} new entries.`);
  }
}

for (const button of document.querySelectorAll('[data-tail]')) {
  const tail = new Tail(button);
  button.hidden = false;
  button.addEventListener('click', () => tail.turn(!tail.on));
  for (const kind of ['pointerdown', 'keydown', 'scroll']) {
    document.addEventListener(kind, () => { tail.touched = Date.now(); }, { passive: true });
  }
}
