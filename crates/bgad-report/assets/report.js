'use strict';
document.querySelectorAll('table.sortable').forEach(table => {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') !== 'ascending';
    heads.forEach(other => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const numeric = head.classList.contains('n');
    const order = (a, b) => numeric
      ? (a === '' ? -Infinity : +a) - (b === '' ? -Infinity : +b) || 0
      : a.localeCompare(b, undefined, {numeric: true});
    [...body.rows].map(row => [key(row), row])
      .sort((a, b) => up ? order(a[0], b[0]) : order(b[0], a[0]))
      .forEach(pair => body.append(pair[1]));
  }));
});
document.querySelectorAll('.filter button').forEach(button => button.addEventListener('click', () => {
  button.parentNode.querySelectorAll('button').forEach(other =>
    other.setAttribute('aria-pressed', String(other === button)));
  const more = document.querySelector('.more');
  if (more) more.open = true;
  document.querySelectorAll('.entry').forEach(entry => {
    entry.hidden = button.dataset.show !== 'all' && entry.dataset.outcome !== button.dataset.show;
  });
}));
