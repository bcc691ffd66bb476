"use strict";
(function () {
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const table = byId("rows"), search = byId("search"), choice = byId("choice"), only = byId("only"), count = byId("count");
  const heads = Array.from(table.tHead.rows[0].cells);
  const at = Object.fromEntries(heads.map((head, place) => [head.dataset.name, place]));
  const boxes = all("[data-column]"), menus = all("[data-menu]");
  const views = all("[data-view]").map((control) => ({ control, ...JSON.parse(control.dataset.view) }));
  const phone = window.matchMedia("(max-width: 40rem)");
  const items = Array.from(table.tBodies).map((body, place) =>
    ({ body, row: body.rows[0], place, value: null, text: null }));
  let view = views[0], columns = null, order = items.slice(), sortAt = -1, direction = 1;

  function cellValue(row, place) {
    const cell = row.cells[place];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = (cell.querySelector("bdi") || cell).textContent.trim();
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
  function sortBy(place, how) {
    sortAt = place;
    direction = how;
    heads.forEach((head, i) => {
      if (i === place) head.setAttribute("aria-sort", how > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    items.forEach((item) => { item.value = cellValue(item.row, place); });
    order = items.slice().sort(compare);
  }
  function fitting() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) items.forEach((item) => { item.text ??= item.body.textContent.toLowerCase(); });
    return order.filter(({ body, text }) => words.every((word) => text.includes(word))
      && (!only.checked || choice.value === "" || body.dataset.choice === choice.value)
      && (!view.flag || (" " + body.dataset.flags + " ").includes(" " + view.flag + " ")));
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
    items.forEach(({ body }) => body.remove());
    table.append(...found.map(({ body }) => body));
    count.textContent = found.length + " of " + items.length + " " + table.dataset.noun + " shown";
    const byRank = sortAt >= 0 && heads[sortAt].dataset.rises !== undefined && direction > 0;
    table.classList.toggle("byrank", byRank && found.length === items.length);
    fit();
    keep();
  }
  function shownColumns() {
    if (columns) return columns;
    return view.columns.filter((name) => !phone.matches || name === view.sort || heads[at[name]].dataset.phone !== undefined);
  }
  function showColumns() {
    const shown = new Set(shownColumns());
    heads.forEach((head, i) => { if (head.dataset.name) table.classList.toggle("x" + (i - 1), !shown.has(head.dataset.name)); });
    boxes.forEach((box) => { box.checked = shown.has(box.dataset.column); });
    items.forEach((item) => { if (item.detail) fillDetail(item); });
    fit();
  }
  // A table wider than the page scrolls by itself; else the page does, and its head stays in sight.
  function fit() {
    const scroll = table.parentElement;
    scroll.classList.remove("wide");
    scroll.classList.toggle("wide", table.offsetWidth > scroll.clientWidth + 1);
  }
  function choose(next, how) {
    view = next;
    columns = null;
    views.forEach(({ control }) => { if (control.matches("button")) control.setAttribute("aria-pressed", control === view.control); });
    menus.forEach((menu) => {
      menu.value = menu.contains(view.control) ? view.name : "";
      menu.classList.toggle("chosen", menu.value !== "");
    });
    if (view.sort in at) sortBy(at[view.sort], view.direction);
    showColumns();
    if (how !== "quiet") show();
  }
  function mark() {
    items.forEach(({ body, place }) => {
      const marked = choice.value !== "" && body.dataset.choice === choice.value;
      body.classList.toggle("marked", marked);
      all('figure a[href="#s' + place + '"], tr[data-row="' + place + '"]').forEach((one) => one.classList.toggle("marked", marked));
    });
  }

  // The address keeps what was chosen: view, search, marked rows, columns and order.
  function keep() {
    const state = new URLSearchParams();
    const usual = sortAt === at[view.sort] && direction === view.direction;
    if (view !== views[0]) state.set("view", view.name);
    if (search.value) state.set("search", search.value);
    if (choice.value) state.set("mark", choice.selectedOptions[0].textContent);
    if (only.checked) state.set("only", "1");
    if (columns) state.set("columns", columns.join(","));
    if (!usual && sortAt >= 0) state.set("sort", (direction < 0 ? "-" : "") + heads[sortAt].dataset.name);
    const query = state.toString();
    try {
      history.replaceState(null, "", (query ? "?" + query : location.pathname) + location.hash);
    } catch { /* an address that may not be changed keeps nothing */ }
  }
  function restore() {
    const state = new URLSearchParams(location.search);
    choose(views.find(({ name }) => name === state.get("view")) || views[0], "quiet");
    search.value = state.get("search") || "";
    const marked = Array.from(choice.options).find(({ textContent }) => textContent === (state.get("mark") ?? choice.dataset.marked));
    choice.value = marked ? marked.value : "";
    only.checked = state.get("only") === "1";
    if (state.has("columns")) columns = state.get("columns").split(",").filter((name) => name in at);
    const sort = /^(-?)(.+)$/.exec(state.get("sort") || "");
    if (sort && sort[2] in at) sortBy(at[sort[2]], sort[1] ? -1 : 1);
    showColumns();
    mark();
    show();
  }

  function titleOf(head) {
    return (head.querySelector("button") || head).textContent.trim();
  }
  // Everything known of a system that has no column now, and what its marks mean.
  function fillDetail(item) {
    const list = document.createElement("dl"), cell = item.detail.cells[0];
    heads.forEach((head, i) => {
      const from = item.row.cells[i];
      const text = from.textContent.trim();
      if (!head.dataset.name || text === "" || !table.classList.contains("x" + (i - 1))) return;
      const entry = document.createElement("div"), term = document.createElement("dt"), value = document.createElement("dd");
      term.textContent = titleOf(head);
      value.textContent = Array.from(from.childNodes, (node) => node.textContent).join(" ").trim();
      entry.classList.toggle("long", text.length > 40);
      entry.append(term, value);
      list.append(entry);
    });
    const marks = all("[data-tip]", item.row).map((one) => {
      const line = document.createElement("p");
      line.textContent = one.textContent + ": " + one.dataset.tip;
      return line;
    });
    cell.colSpan = heads.length;
    cell.replaceChildren(...marks, list);
  }
  function addDetails(item) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "more";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", "Details of " + item.row.querySelector("th bdi").textContent);
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "false";
      button.setAttribute("aria-expanded", open);
      if (item.detail) item.detail.remove();
      item.detail = null;
      if (!open) return;
      item.detail = document.createElement("tr");
      item.detail.className = "detail";
      item.detail.append(document.createElement("td"));
      fillDetail(item);
      item.body.append(item.detail);
    });
    item.row.querySelector("th").append(button);
  }

  // The row that a point of a plot, or the address, names is in the table, whatever was searched for.
  function reveal(hash) {
    const match = /^#s(\d+)$/.exec(hash);
    const item = match && items[Number(match[1])];
    if (item && !item.body.isConnected) {
      search.value = "";
      only.checked = false;
      choose(views[0]);
    }
    const target = hash.length > 1 && document.getElementById(hash.slice(1));
    const closed = target && target.closest("details:not([open])");
    if (closed) closed.open = true;
    return target;
  }
  function goTo(hash) {
    const target = reveal(hash);
    if (!target) return false;
    location.hash = "";
    location.hash = hash;
    target.scrollIntoView({ block: target.matches("tbody, tr") ? "center" : "start" });
    return true;
  }

  // One tooltip for all: figures with all digits and their unit, points, marks. Escape closes it.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  all("figure title").forEach((title) => {
    const parent = title.parentElement;
    parent.dataset.tip = title.textContent;
    if (parent.matches("a")) parent.setAttribute("aria-label", title.textContent);
    title.remove();
  });
  function tipText(element) {
    const owner = element.closest("[data-tip], td[data-v]");
    if (!owner) return [null, ""];
    if (owner.dataset.tip) return [owner, owner.dataset.tip.replaceAll("; ", "\n")];
    const head = owner.closest("table").tHead.rows[0].cells[owner.cellIndex];
    return [owner, titleOf(head) + ": " + owner.dataset.v];
  }
  let tipOwner = null;
  function showTip(event) {
    const [owner, text] = tipText(event.target);
    tip.hidden = !owner;
    if (!owner) return;
    tip.textContent = text;
    tipOwner = owner;
    placeTip();
  }
  function placeTip() {
    if (tip.hidden) return;
    const owner = tipOwner, box = owner.getBoundingClientRect(), own = tip.getBoundingClientRect();
    const top = box.top - own.height - 6;
    tip.style.top = (top > 0 ? top : box.bottom + 6) + "px";
    tip.style.left = Math.max(4, Math.min(box.left, document.documentElement.clientWidth - own.width - 4)) + "px";
  }
  document.addEventListener("mouseover", showTip);
  document.addEventListener("focusin", showTip);
  document.addEventListener("focusout", () => { tip.hidden = true; });
  document.addEventListener("scroll", placeTip, true);

  // Of a plot one point can be reached by Tab, the others by arrow keys from left to right.
  all("figure svg").forEach((svg) => {
    const points = all("a", svg).map((point) => [point.getBoundingClientRect().left, point]).sort((a, b) => a[0] - b[0]).map(([, point]) => point);
    points.forEach((point, i) => {
      point.tabIndex = i ? -1 : 0;
      point.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        const next = step && points[i + step];
        if (!next) return;
        event.preventDefault();
        point.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      });
    });
  });

  heads.forEach((head, place) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const first = head.classList.contains("n") && head.dataset.rises === undefined ? -1 : 1;
      sortBy(place, sortAt === place ? -direction : first);
      show();
    });
  });
  views.forEach((one) => { if (one.control.matches("button")) one.control.addEventListener("click", () => choose(one)); });
  menus.forEach((menu) => menu.addEventListener("change", () => choose(views.find(({ control }) => control === menu.selectedOptions[0]) || views[0])));
  boxes.forEach((box) => box.addEventListener("change", () => {
    columns = boxes.filter(({ checked }) => checked).map(({ dataset }) => dataset.column);
    showColumns();
    keep();
  }));
  choice.addEventListener("change", () => { mark(); show(); });
  only.addEventListener("change", show);
  search.addEventListener("input", show);
  phone.addEventListener("change", showColumns);
  window.addEventListener("resize", fit);
  window.addEventListener("beforeprint", () => { table.parentElement.classList.remove("wide"); all("main > details").forEach((one) => { one.open = true; }); });
  window.addEventListener("afterprint", fit);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    tip.hidden = true;
    all("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });
  document.addEventListener("click", (event) => {
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    const link = event.target.closest('a[href^="#"]');
    if (link && goTo(link.getAttribute("href"))) event.preventDefault();
  });
  items.forEach(addDetails);
  all(".tools").forEach((part) => { part.hidden = false; });
  restore();
  if (location.hash.length > 1) goTo(location.hash);
})();
