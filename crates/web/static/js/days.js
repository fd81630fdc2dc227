// A field that a checkbox brings to life: `data-enables` names it by its id.
function follow(box) {
  const field = document.getElementById(box.dataset.enables);
  if (!field || box.disabled) return;
  const update = () => { field.disabled = !box.checked; };
  box.addEventListener('change', () => {
    update();
    if (box.checked) field.focus();
  });
  update();
}

for (const box of document.querySelectorAll('[data-enables]')) follow(box);
