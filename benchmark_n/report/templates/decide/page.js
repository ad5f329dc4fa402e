// The page: which suspect is in view, and what keys and buttons do with it.
(() => {
  const pick = (id) => document.getElementById(id);
  const data = JSON.parse(pick("data").textContent);
  const store = openStore(data.storage, data.items.map((item) => item.id));
  const viewer = makeViewer(pick("view"));
  const categories = makeCategories(data.labels, (name) => decide("relabel", name));
  const grid = makeGrid(data, store, (place) => go(place), (place) => { go(place); setGrid(false); });
  const buttons = Array.from(document.querySelectorAll("[data-action]"));
  const undone = [], recent = [], spent = new Map();
  let items = data.items, place = 0, since = performance.now(), image = null, inGrid = false;

  const current = () => items[place] || null;

  // Say what happened: to those who read it, and to those who hear it.
  function say(text, fault) {
    pick("said").textContent = text;
    pick("said").classList.toggle("fault", Boolean(fault));
  }

  // Time in view, ms; a page that is hidden is not in view.
  function count(item) {
    const now = performance.now();
    if (item && !spent.has(item.id)) { spent.set(item.id, (store.get(item.id) || { ms: 0 }).ms); }
    if (item && since !== null) { spent.set(item.id, spent.get(item.id) + now - since); }
    since = document.hidden ? null : now;
  }

  function draw() {
    const item = current();
    pick("single").classList.toggle("none", !item);
    for (const button of buttons) {
      button.disabled = !item || (button.dataset.action === "accept" && !item.acceptable) ||
        (button.dataset.action === "remove" && item.proposal);
    }
    drawProgress();
    pick("place").textContent = item ? `${place + 1} of ${items.length}` : "none is listed";
    pick("previous").disabled = !item || place === 0;
    pick("next").disabled = !item || place === items.length - 1;
    if (!item) {
      pick("heading").textContent = "No suspect is listed: change the filter";
      return;
    }
    const record = store.get(item.id), picture = data.images[item.image];
    const same = data.items.filter((one) => one.image === item.image).length;
    pick("heading").textContent = headingOf(item);
    pick("sections").replaceChildren(...item.sections.map(sectionOf));
    const number = `${data.items.indexOf(item) + 1} of ${data.items.length}`;
    pick("score").textContent = item.score === null ? `${number}, in an order that was drawn`
      : `Score ${item.score.toFixed(2)} of 1 by ${item.detector} (${kindName(item.kind)}), ${number} by suspicion`;
    pick("reasons").replaceChildren(...item.reasons.map((text) => {
      const entry = document.createElement("li");
      entry.textContent = text;
      return entry;
    }));
    pick("source").textContent = `${picture.name}, ${picture.width} × ${picture.height} px, id ${item.id}`;
    pick("same").textContent = image === null ? `this picture: ${same}` : "show all pictures";
    pick("why").value = record ? record.why || "" : "";
    drawState(item, record);
    viewer.show(item, picture, `${headingOf(item)} ${item.reasons.join(" ")}`);
    const next = items[place + 1];
    if (next && data.images[next.image].file) { new Image().src = data.images[next.image].file; }
  }

  // A section of the guideline, to be opened; what was opened stays so.
  const opened = new Set();
  function sectionOf(place) {
    const { heading, text } = data.sections[place];
    const entry = document.createElement("details"), head = document.createElement("summary");
    const body = document.createElement("p");
    head.textContent = `Section ${heading}`;
    body.textContent = text || "(says no more)";
    entry.open = opened.has(place);
    entry.append(head, body);
    // Before the browser opens or closes it: its own "toggle" comes later, perhaps after the next item.
    head.addEventListener("click", () => opened[entry.open ? "delete" : "add"](place));
    return entry;
  }

  function drawState(item, record) {
    const text = decisionText(item, record);
    pick("state").textContent = text
      ? `${text}${record.who ? ` by ${record.who}` : ""}, ${record.when.slice(0, 16).replace("T", " ")} UTC`
      : "not decided";
    for (const button of buttons) {
      const chosen = Boolean(record) && record.decision === button.dataset.action;
      button.classList.toggle("chosen", chosen);
      button.setAttribute("aria-pressed", String(chosen));
    }
  }

  function drawProgress() {
    const states = data.items.map((item) => statusOf(store.get(item.id)));
    const decided = states.filter((state) => state === "decided").length;
    const skipped = states.filter((state) => state === "skipped").length;
    pick("progress").value = decided;
    pick("progress-text").textContent = `${decided} of ${data.items.length} decided` +
      (skipped ? `, ${skipped} skipped` : "");
    pick("undo").disabled = !undone.length;
    drawFigures(data, store);
  }

  function go(to) {
    count(current());
    place = Math.min(Math.max(to, 0), Math.max(items.length - 1, 0));
    grid.mark(place, inGrid);
    draw();
  }

  // The next that is open, from here on and then from the start.
  function next() {
    const ahead = [...items.slice(place + 1), ...items.slice(0, place)];
    const open = ahead.find((item) => statusOf(store.get(item.id)) === "open");
    return open ? items.indexOf(open) : -1;
  }

  function decide(action, category) {
    const item = current();
    if (!item) { return; }
    if (action === "accept" && !item.acceptable) {
      say("Nothing is suggested here: keep, category or remove.", true);
      return;
    }
    if (action === "remove" && item.proposal) {
      say("There is nothing to remove: keep says that nothing is missing.", true);
      return;
    }
    if (action === "relabel" && category === (item.proposal ? null : item.given)) {
      say(`It is ${category} already: keep says so.`, true);
      return;
    }
    count(item);
    const before = store.get(item.id), name = pick("who").value.trim();
    undone.push([item, before]);
    store.set(item.id, {
      decision: action, category: category || "", why: before ? before.why || "" : "", who: name,
      when: new Date().toISOString(), ms: Math.round(spent.get(item.id)),
    });
    if (category) {
      recent.splice(0, recent.length, category, ...recent.filter((one) => one !== category).slice(0, 4));
    }
    const done = decisionText(item, store.get(item.id)), to = next();
    grid.refresh(place);
    say(`${headingOf(item)} ${done}.${to < 0 ? " None is open in this list: download the decisions." : ""}`);
    if (!store.kept()) { say("This browser keeps nothing: download the decisions before you leave.", true); }
    if (to < 0) { go(place); } else { go(to); }
  }

  function undo() {
    const last = undone.pop();
    if (!last) { return; }
    const [item, before] = last;
    store.set(item.id, before);
    if (!items.includes(item)) { clear(); }
    grid.refresh(items.indexOf(item));
    go(items.indexOf(item));
    say(`${headingOf(item)} taken back.`);
  }

  function ask() {
    const item = current();
    if (!item) { return; }
    categories.open([...new Set([item.suggested, ...recent])].filter(Boolean));
  }

  function comment() {
    const item = current();
    if (!item) { return; }
    const record = store.get(item.id) || { decision: "", category: "", who: pick("who").value.trim(), ms: 0 };
    const why = pick("why").value.trim();
    const changed = { ...record, why, when: record.when || new Date().toISOString() };
    store.set(item.id, changed.decision || why ? changed : null);
  }

  // List anew by the controls; the suspect in view stays where it is still listed.
  function refill() {
    const item = current(), wanted = { image };
    for (const name of ["text", "status", "kind", "category", "sort"]) { wanted[name] = pick(name).value; }
    count(item);
    items = listed(data, store, wanted);
    place = Math.max(items.indexOf(item), 0);
    grid.setItems(items);
    grid.mark(place, false);
    pick("count").textContent = `${items.length} of ${data.items.length} listed`;
    pick("clear").hidden = image === null;
    draw();
  }

  function clear() {
    for (const name of ["text", "status", "kind", "category"]) { pick(name).value = ""; }
    image = null;
    refill();
  }

  function setGrid(on) {
    inGrid = on;
    pick("grid").hidden = !on;
    pick("single").hidden = on;
    pick("views").setAttribute("aria-pressed", String(on));
    pick("views").textContent = on ? "one at a time" : "grid";
    grid.mark(place, on);
    if (!on) { draw(); }
  }

  function save() {
    const name = pick("who").value.trim();
    const file = decisionsFile(data, store, name);
    if (!file.decisions.length) { say("Nothing is decided yet.", true); return; }
    if (file.decisions.some((one) => !one.who)) {
      say("Who decided? Your name goes with the decisions.", true);
      pick("who").focus();
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${JSON.stringify(file, null, 1)}\n`], { type: "application/json" }));
    link.download = "decisions.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(`decisions.json: ${file.decisions.length} decisions.`);
  }

  function act(action) {
    if (action === "relabel") { ask(); } else { decide(action); }
  }

  const keys = {
    a: () => act("accept"), k: () => act("keep"), c: () => act("relabel"), x: () => act("remove"),
    s: () => act("undecided"), z: undo, g: () => setGrid(!inGrid),
    1: () => pick("show-given").click(), 2: () => pick("show-suggested").click(),
    "+": () => viewer.zoom(1.4), "=": () => viewer.zoom(1.4), "-": () => viewer.zoom(1 / 1.4),
    0: () => viewer.fit(), 9: () => viewer.whole(),
    "/": () => { pick("filters").open = true; pick("text").focus(); },
    ArrowLeft: () => go(place - 1), ArrowRight: () => go(place + 1),
  };
  const inGridKeys = {
    ArrowUp: () => go(Math.max(place - grid.columns(), 0)),
    ArrowDown: () => go(place + grid.columns()),
    Enter: () => setGrid(false),
  };
  const moves = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
    if (event.ctrlKey || event.metaKey || event.altKey || categories.isOpen()) { return; }
    if (typing) {
      if (event.key === "Escape") { event.target.blur(); }
      return;
    }
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    let work = keys[name];
    if (inGrid && !(event.key === "Enter" && event.target.closest("button, summary, a"))) {
      work = inGridKeys[name] || work;
    }
    if (event.shiftKey && moves[name] && !inGrid) { work = () => viewer.move(...moves[name]); }
    if (work) { event.preventDefault(); work(); }
  });
  for (const button of buttons) {
    button.addEventListener("click", () => act(button.dataset.action));
  }
  const clicks = {
    undo, save, clear, closer: () => viewer.zoom(1.4), farther: () => viewer.zoom(1 / 1.4),
    fit: () => viewer.fit(), whole: () => viewer.whole(), previous: () => go(place - 1),
    next: () => go(place + 1), views: () => setGrid(!inGrid),
    same: () => { image = image === null ? current().image : null; refill(); },
  };
  for (const [id, work] of Object.entries(clicks)) { pick(id).addEventListener("click", work); }
  for (const id of ["status", "kind", "category", "sort"]) { pick(id).addEventListener("change", refill); }
  pick("text").addEventListener("input", refill);
  pick("why").addEventListener("input", comment);
  pick("who").addEventListener("change", () => store.setWho(pick("who").value.trim()));
  for (const [box, group] of [["show-given", "given"], ["show-suggested", "suggested"]]) {
    pick(box).addEventListener("change", () => {
      pick(group).style.display = pick(box).checked ? "" : "none";
    });
  }
  document.addEventListener("visibilitychange", () => count(current()));

  function fillSelect(id, values, text) {
    pick(id).append(...values.map((value) => {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text(value);
      return option;
    }));
  }
  fillSelect("kind", [...new Set(data.items.map((item) => item.kind))].sort(), kindName);
  const used = new Set(data.items.flatMap((item) => [item.given, item.suggested]));
  fillSelect("category", data.labels.filter((name) => used.has(name)), (name) => name);
  pick("who").value = store.who();
  refill();
  const open = data.items.findIndex((item) => statusOf(store.get(item.id)) === "open");
  go(Math.max(open, 0));
  if (!store.kept()) { say("This browser keeps nothing: download the decisions before you leave.", true); }
})();
