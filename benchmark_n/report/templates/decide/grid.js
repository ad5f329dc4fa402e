// The grid: cards are made as they come near the window, their pictures loaded as they are seen.
function makeGrid(data, store, choose, open) {
  const CHUNK = 60;
  const box = document.getElementById("cards"), end = document.getElementById("more");
  let items = [], cards = [], chosen = -1;

  function fill(card, item) {
    const record = store.get(item.id), text = decisionText(item, record);
    const parts = [];
    if (item.crop) {
      const picture = document.createElement("img");
      picture.loading = "lazy";
      picture.decoding = "async";
      picture.width = picture.height = 160;
      picture.alt = `${headingOf(item)} in ${data.images[item.image].name}`;
      picture.src = item.crop;
      parts.push(picture);
    }
    const name = document.createElement("b");
    name.textContent = headingOf(item);
    const state = document.createElement("div");
    const tag = document.createElement("span");
    tag.className = text ? "tag done" : "tag";
    tag.textContent = text || "open";
    state.append(`${kindName(item.kind)} ${item.score === null ? "" : item.score.toFixed(2)} `, tag);
    card.replaceChildren(...parts, name, state);
  }

  function grow(count) {
    const more = items.slice(cards.length, count);
    const made = more.map((item, k) => {
      const place = cards.length + k, card = document.createElement("div");
      card.className = "card";
      card.id = `card-${item.id}`;
      card.tabIndex = -1;
      card.setAttribute("role", "option");
      card.setAttribute("aria-selected", "false");
      card.addEventListener("click", () => choose(place));
      card.addEventListener("dblclick", () => open(place));
      fill(card, item);
      return card;
    });
    cards.push(...made);
    box.append(...made);
    end.hidden = cards.length >= items.length;
  }

  const observer = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting) && cards.length < items.length) {
      grow(cards.length + CHUNK);
      // Observed anew: it may be near still, which is no change that would be told.
      observer.unobserve(end);
      observer.observe(end);
    }
  }, { rootMargin: "400px" });
  observer.observe(end);

  function mark(place, focus) {
    if (cards[chosen]) {
      cards[chosen].setAttribute("aria-selected", "false");
      cards[chosen].tabIndex = -1;
    }
    chosen = place;
    if (place >= cards.length) { grow(place + CHUNK); }
    const card = cards[place];
    if (!card) { return; }
    card.setAttribute("aria-selected", "true");
    card.tabIndex = 0;
    if (focus) { card.focus(); }
  }

  return {
    setItems(list) {
      items = list;
      cards = [];
      chosen = -1;
      box.replaceChildren();
      grow(CHUNK);
    },
    refresh(place) { if (cards[place]) { fill(cards[place], items[place]); } },
    mark,
    columns: () => getComputedStyle(box).gridTemplateColumns.split(" ").length,
  };
}
