// Decisions in the browser's storage, each under a key of its own: two windows do not undo each other.
function openStore(run, ids) {
  const prefix = `benchmark-n/${run}/`, reviewer = "benchmark-n/reviewer";
  const records = new Map();
  let kept = true;
  const attempt = (work) => {
    try { return work(); } catch (fault) { kept = false; return null; }
  };
  function load(id) {
    const text = attempt(() => localStorage.getItem(prefix + id));
    const record = text === null ? null : attempt(() => JSON.parse(text));
    if (record) { records.set(id, record); } else { records.delete(id); }
  }
  ids.forEach(load);
  window.addEventListener("storage", (event) => {
    if (event.key && event.key.startsWith(prefix)) { load(Number(event.key.slice(prefix.length))); }
  });
  return {
    get: (id) => records.get(id) || null,
    set(id, record) {
      if (record) {
        records.set(id, record);
        attempt(() => localStorage.setItem(prefix + id, JSON.stringify(record)));
      } else {
        records.delete(id);
        attempt(() => localStorage.removeItem(prefix + id));
      }
    },
    who: () => attempt(() => localStorage.getItem(reviewer)) || "",
    setWho: (name) => attempt(() => localStorage.setItem(reviewer, name)),
    kept: () => kept,
  };
}

// Where a record stands: "open", "decided" or "skipped".
function statusOf(record) {
  if (!record || !record.decision) { return "open"; }
  return record.decision === "undecided" ? "skipped" : "decided";
}

// The file that `review import` takes. Comments without a decision go along as undecided.
function decisionsFile(data, store, who) {
  const decisions = [];
  for (const item of data.items) {
    const record = store.get(item.id);
    if (!record || !(record.decision || record.why)) { continue; }
    const one = { annotation_id: item.id, decision: record.decision || "undecided" };
    if (record.category) { one.category = record.category; }
    one.who = record.who || who;
    one.when = record.when;
    one.ms = record.ms;
    if (record.why) { one.why = record.why; }
    decisions.push(one);
  }
  const head = {};
  for (const name of ["format", "version", "source_sha256", "run_sha256", "guideline"]) {
    head[name] = data[name];
  }
  return { ...head, decisions };
}
