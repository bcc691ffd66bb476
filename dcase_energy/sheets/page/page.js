"use strict";
(function () {
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const view = document.getElementById("view");
  const search = document.getElementById("search");
  const choice = document.getElementById("choice");
  const count = document.getElementById("count");
  const items = Array.from(body.rows).map((row, place) => ({ row, place, value: null, text: null }));
  let order = items.slice();
  let sortAt = -1;
  let direction = 1;

  function cellValue(row, at) {
    const cell = row.cells[at];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.textContent.trim();
    return text === "" ? null : text;
  }
  const collator = new Intl.Collator("en", { numeric: true });
  // What is missing comes last in either direction.
  function compare(a, b) {
    const x = a.value, y = b.value;
    if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
    let found;
    if (typeof x === "number" && typeof y === "number") found = x - y;
    else if (typeof x !== typeof y) found = typeof x === "number" ? -1 : 1;
    else found = collator.compare(x, y);
    return found * direction || a.place - b.place;
  }
  function sortBy(at, how) {
    sortAt = at;
    direction = how;
    heads.forEach((head, i) => {
      if (i === at) head.setAttribute("aria-sort", how > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    items.forEach((item) => { item.value = cellValue(item.row, at); });
    order = items.slice().sort(compare);
  }
  function fitting() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const flag = view.selectedOptions[0].dataset.flag;
    if (words.length) items.forEach((item) => { item.text ??= item.row.textContent.toLowerCase(); });
    return order.filter(({ row, text }) => words.every((word) => text.includes(word))
      && (choice.value === "" || row.dataset.choice === choice.value)
      && (!flag || (" " + row.dataset.flags + " ").includes(" " + flag + " ")));
  }
  // Put the rows that fit into the table, each with its place among them; equal figures share it.
  function show() {
    const found = fitting();
    let place = 0, last;
    found.forEach(({ row, value }, i) => {
      if (value === null || value !== last) place = i + 1;
      last = value;
      row.cells[0].textContent = sortAt < 0 || value === null ? "" : place;
    });
    body.replaceChildren(...found.map(({ row }) => row));
    count.textContent = found.length + " of " + items.length + " " + table.dataset.noun + " shown";
    const byRank = sortAt >= 0 && heads[sortAt].dataset.rises !== undefined && direction > 0;
    table.classList.toggle("byrank", byRank && found.length === items.length);
  }
  function choose() {
    const option = view.selectedOptions[0];
    const at = heads.findIndex((head) => head.dataset.name === option.dataset.sort);
    if (at >= 0) sortBy(at, Number(option.dataset.direction));
    show();
  }
  // The row that a point of a plot, or the address of the page, names: in the table, whatever was searched for.
  function reveal(hash) {
    const match = /^#s(\d+)$/.exec(hash);
    const item = match && items[Number(match[1])];
    if (!item || item.row.isConnected) return;
    search.value = "";
    choice.value = "";
    view.selectedIndex = 0;
    choose();
  }
  heads.forEach((head, at) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const first = head.classList.contains("n") && head.dataset.rises === undefined ? -1 : 1;
      sortBy(at, sortAt === at ? -direction : first);
      show();
    });
  });
  const phone = window.matchMedia("(max-width: 40rem)").matches;
  document.querySelectorAll("[data-group]").forEach((box) => {
    const apply = () => table.classList.toggle("hide" + box.dataset.group, !box.checked);
    if (phone && box.dataset.wide !== undefined) box.checked = false;
    box.addEventListener("change", apply);
    apply();
  });
  // All digits of a figure in its tooltip.
  document.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td[data-v]");
    if (cell && !cell.title) cell.title = cell.dataset.v;
  });
  view.addEventListener("change", choose);
  choice.addEventListener("change", show);
  search.addEventListener("input", show);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("svg a");
    if (link) reveal(link.getAttribute("href"));
  });
  document.querySelectorAll(".controls").forEach((part) => { part.hidden = false; });
  choose();
  if (/^#s\d+$/.test(location.hash)) {
    const asked = location.hash;
    reveal(asked);
    location.hash = "";
    location.hash = asked;
  }
})();
