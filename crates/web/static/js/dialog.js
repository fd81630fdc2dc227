// A link with data-dialog opens the confirmation form of the page it leads to in a dialog.
// The form is sent as on its own page; an answer with messages shows that page.
let opener = null;

function renumber(form) {
  const renamed = new Map();
  for (const element of form.querySelectorAll('[id]')) {
    renamed.set(element.id, `dialog-${element.id}`);
    element.id = `dialog-${element.id}`;
  }
  for (const name of ['for', 'aria-describedby', 'aria-controls', 'aria-labelledby']) {
    for (const element of form.querySelectorAll(`[${name}]`)) {
      const ids = element.getAttribute(name).split(/\s+/);
      element.setAttribute(name, ids.map((id) => renamed.get(id) ?? id).join(' '));
    }
  }
}

function show(form) {
  const dialog = document.createElement('dialog');
  renumber(form);
  const title = form.querySelector('h1');
  if (title) {
    title.id = 'dialog-title';
    dialog.setAttribute('aria-labelledby', title.id);
  }
  dialog.append(form);
  document.body.append(dialog);
  dialog.addEventListener('close', () => {
    dialog.remove();
    opener?.focus();
  });
  dialog.addEventListener('click', (event) => {
    const cancel = event.target.closest('[data-cancel]');
    if (event.target === dialog || cancel) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.showModal();
  const first = form.querySelector('input:not([type="hidden"]):not(:disabled)') ?? form.querySelector('.buttons button');
  first?.focus();
  if (first?.inputMode === 'numeric') first.select();
}

async function formAt(href) {
  const answer = await fetch(href, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
  if (!answer.ok || answer.redirected) return null;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return page.querySelector('form[data-dialog]');
}

document.addEventListener('click', async (event) => {
  const link = event.target.closest?.('a[data-dialog]');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const form = await formAt(link.href);
    if (!form) throw new Error('no form on that page');
    const menu = link.closest('details');
    opener = menu?.querySelector('summary') ?? link;
    if (menu) menu.open = false;
    show(document.importNode(form, true));
  } catch {
    window.location.assign(link.href);
  }
});
