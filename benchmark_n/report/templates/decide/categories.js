// The searchable list of categories: typing narrows it, arrows choose, Enter takes.
function makeCategories(labels, take) {
  const MOST = 200;
  const dialog = document.getElementById("categories"), input = document.getElementById("wanted");
  const list = document.getElementById("names");
  let first = [], chosen = 0, names = [];

  function matching(text) {
    const wanted = text.trim().toLowerCase();
    const order = [...first, ...labels.filter((name) => !first.includes(name))];
    const rank = (name) => {
      const lower = name.toLowerCase();
      return lower === wanted ? 0 : lower.startsWith(wanted) ? 1 : 2;
    };
    const found = order.filter((name) => name.toLowerCase().includes(wanted));
    return wanted ? found.sort((a, b) => rank(a) - rank(b)) : found;
  }

  function draw() {
    names = matching(input.value).slice(0, MOST);
    chosen = Math.min(chosen, Math.max(names.length - 1, 0));
    list.replaceChildren(...names.map((name, place) => {
      const entry = document.createElement("li");
      entry.id = `name-${place}`;
      entry.setAttribute("role", "option");
      entry.setAttribute("aria-selected", String(place === chosen));
      entry.textContent = name;
      entry.addEventListener("click", () => finish(name));
      return entry;
    }));
    input.setAttribute("aria-activedescendant", names.length ? `name-${chosen}` : "");
    if (names.length) { list.children[chosen].scrollIntoView({ block: "nearest" }); }
  }

  // Without the focus, so that keys decide again at once.
  function shut() {
    input.blur();
    dialog.close();
  }

  function finish(name) {
    shut();
    take(name);
  }

  input.addEventListener("input", () => { chosen = 0; draw(); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      chosen = Math.min(Math.max(chosen + step, 0), names.length - 1);
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (names.length) { finish(names[chosen]); }
    }
  });
  document.getElementById("cancel").addEventListener("click", shut);
  dialog.addEventListener("cancel", () => input.blur());

  // Open the list, these names before all others.
  return {
    open(before) {
      first = before;
      chosen = 0;
      input.value = "";
      dialog.showModal();
      input.focus();
      draw();
    },
    isOpen: () => dialog.open,
  };
}
