// Menus are <details>: one open at a time, closed by a click outside or Escape, arrow keys inside.
const open = () => document.querySelector('[data-menu][open]');

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('[data-menu][open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener('focusin', (event) => {
  const menu = open();
  if (menu && !menu.contains(event.target)) menu.open = false;
});

function step(menu, by) {
  const items = [...menu.querySelectorAll('.menu-body a, .menu-body button:not([hidden])')];
  const at = items.indexOf(document.activeElement);
  const next = at < 0 && by < 0 ? items.length - 1 : (at + by + items.length) % items.length;
  items[next]?.focus();
}

document.addEventListener('keydown', (event) => {
  const menu = open();
  if (menu && event.key === 'Escape') {
    menu.open = false;
    menu.querySelector('summary').focus();
  } else if (menu && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    step(menu, event.key === 'ArrowDown' ? 1 : -1);
  }
  if (event.key === 'Escape') {
    for (const lock of document.querySelectorAll('.padlock:hover, .padlock:focus-within')) lock.classList.add('closed');
  }
});

// Details of a padlock that Escape hid come back with the next visit.
for (const kind of ['pointerover', 'focusin']) {
  document.addEventListener(kind, (event) => {
    for (const lock of document.querySelectorAll('.padlock.closed')) {
      if (!lock.contains(event.target)) lock.classList.remove('closed');
    }
  });
}
