// Figures of what is decided so far, by kind.
function drawFigures(data, store) {
  const actions = ["accept", "relabel", "remove", "keep"];
  const rows = new Map();
  for (const item of data.items) {
    if (!rows.has(item.kind)) { rows.set(item.kind, { count: 0, skipped: 0, ms: [] }); }
    const row = rows.get(item.kind), record = store.get(item.id), status = statusOf(record);
    row.count += 1;
    row.skipped += status === "skipped" ? 1 : 0;
    if (status === "decided") {
      row[record.decision] = (row[record.decision] || 0) + 1;
      row.ms.push(record.ms);
    }
  }
  const line = (cell, texts) => {
    const row = document.createElement("tr");
    row.append(...texts.map((text) => {
      const part = document.createElement(cell);
      if (cell === "th") { part.scope = "col"; }
      part.textContent = text;
      return part;
    }));
    return row;
  };
  const body = [...rows].map(([kind, row]) => {
    const times = row.ms.sort((a, b) => a - b), middle = times[Math.floor(times.length / 2)];
    const wrong = row.ms.length - (row.keep || 0);
    return line("td", [kindName(kind), row.count, row.ms.length, ...actions.map((a) => row[a] || 0),
      row.skipped, row.ms.length ? `${(100 * wrong / row.ms.length).toFixed(0)} %` : "-",
      row.ms.length ? (middle / 1000).toFixed(1) : "-"]);
  });
  const heads = ["kind", "suspects", "decided", "accepted", "other category", "removed", "kept",
    "skipped", "wrong", "seconds"];
  document.getElementById("figures").replaceChildren(line("th", heads), ...body);
}
