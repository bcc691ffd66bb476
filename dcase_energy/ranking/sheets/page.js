"use strict";
(function () {
  const table = document.getElementById("ranking");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const view = document.getElementById("view");
  const search = document.getElementById("search");
  const team = document.getElementById("team");
  const count = document.getElementById("count");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  let sortAt = -1;
  let direction = 1;

  function cellValue(row, at) {
    const cell = row.cells[at];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.textContent.trim();
    return text === "" ? null : text;
  }
  // What is missing comes last in either direction.
  function compare(a, b) {
    const x = a.value, y = b.value;
    if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
    let order;
    if (typeof x === "number" && typeof y === "number") order = x - y;
    else if (typeof x !== typeof y) order = typeof x === "number" ? -1 : 1;
    else order = x.localeCompare(y, "en", { numeric: true });
    return order * direction || a.place - b.place;
  }
  function sortBy(at, how) {
    sortAt = at;
    direction = how;
    heads.forEach((head, i) => {
      if (i === at) head.setAttribute("aria-sort", how > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const keyed = rows.map((row, place) => ({ row, place, value: cellValue(row, at) }));
    keyed.sort(compare);
    body.append(...keyed.map((one) => one.row));
  }
  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const flag = view.selectedOptions[0].dataset.flag;
    let shown = 0;
    rows.forEach((row, i) => {
      const fits = words.every((word) => texts[i].includes(word)) && (team.value === "" || row.dataset.team === team.value)
        && (!flag || (" " + row.dataset.flags + " ").includes(" " + flag + " "));
      row.hidden = !fits;
      shown += fits;
    });
    count.textContent = shown + " of " + rows.length + " systems shown";
    number();
  }
  // The place among the rows that are shown; equal figures share it.
  function number() {
    let place = 0, at = 0, last;
    for (const row of body.rows) {
      if (row.hidden) continue;
      const value = sortAt < 0 ? null : cellValue(row, sortAt);
      at += 1;
      if (value === null || value !== last) place = at;
      last = value;
      row.cells[0].textContent = value === null ? "" : place;
    }
  }
  function choose() {
    const option = view.selectedOptions[0];
    const at = heads.findIndex((head) => head.dataset.name === option.dataset.sort);
    if (at >= 0) sortBy(at, Number(option.dataset.direction));
    filter();
  }
  heads.forEach((head, at) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const first = head.classList.contains("n") && head.dataset.name !== "rank" ? -1 : 1;
      sortBy(at, sortAt === at ? -direction : first);
      number();
    });
  });
  document.querySelectorAll("[data-group]").forEach((box) => {
    const apply = () => table.classList.toggle("hide" + box.dataset.group, !box.checked);
    box.addEventListener("change", apply);
    apply();
  });
  // All digits of a figure, for whoever points at it.
  body.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td[data-v]");
    if (cell && !cell.title) cell.title = cell.dataset.v;
  });
  view.addEventListener("change", choose);
  team.addEventListener("change", filter);
  search.addEventListener("input", filter);
  document.querySelectorAll(".controls").forEach((part) => { part.hidden = false; });
  choose();
})();
