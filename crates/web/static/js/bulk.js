// Ticks in a list: all on the page at once, how many there are, and what they are for.
for (const form of document.querySelectorAll('[data-bulk]')) {
  const count = form.querySelector('[data-bulk-count]');
  const every = form.querySelector('[data-bulk-all]');
  const page = form.querySelector('[data-bulk-page]');
  const boxes = () => [...form.querySelectorAll('input[name^="id."]')];
  if (page) page.hidden = false;

  const tell = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    const all = every?.checked ?? false;
    form.dataset.chosen = all || ticked > 0 ? 'some' : 'none';
    const words = all ? every.dataset.words : `${ticked} selected`;
    // Only where it is another, or the observer below would see its own change for ever.
    if (count && count.textContent !== words) count.textContent = words;
    const whole = form.querySelector('[data-bulk-page] input');
    if (whole) {
      whole.checked = ticked > 0 && ticked === boxes().length;
      whole.indeterminate = ticked > 0 && ticked < boxes().length;
    }
  };

  form.addEventListener('change', (event) => {
    if (event.target.closest('[data-bulk-page]')) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    tell();
  });
  new MutationObserver(tell).observe(form, { childList: true, subtree: true });
  tell();
}
