// `/` goes to the search field; the search of a list narrows it while typing.
const WAIT = 250;

document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.('input, textarea, select, [contenteditable], dialog')) return;
  const field = document.querySelector('[data-search] input[type="search"]') ?? document.querySelector('[data-slash]');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

let asked = null;

async function narrow(form) {
  asked?.abort();
  asked = new AbortController();
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    if (value) address.searchParams.set(name, value);
  }
  try {
    const answer = await fetch(address, { signal: asked.signal, credentials: 'same-origin' });
    if (!answer.ok || answer.redirected) throw new Error('not a list');
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of document.querySelectorAll('[data-live]')) {
      const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
      if (!fresh) throw new Error('not this list');
      part.replaceChildren(...document.importNode(fresh, true).childNodes);
    }
    window.history.replaceState(null, '', address);
  } catch (reason) {
    if (reason.name !== 'AbortError') form.submit();
  }
}

for (const form of document.querySelectorAll('[data-search]')) {
  let timer = 0;
  const field = form.querySelector('input[type="search"]');
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => narrow(form), WAIT);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    narrow(form);
  });
}
