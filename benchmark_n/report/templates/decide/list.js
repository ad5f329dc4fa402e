// Which suspects are shown, and in which order; kinds in words.
const KINDS = { class: "category", spatial: "mask", missing: "missing", any: "not said" };
const kindName = (kind) => KINDS[kind] || kind;

function listed(data, store, wanted) {
  const text = wanted.text.trim().toLowerCase();
  const keep = (item) => {
    const record = store.get(item.id);
    return (!wanted.status || statusOf(record) === wanted.status) &&
      (!wanted.kind || item.kind === wanted.kind) &&
      (!wanted.category || item.given === wanted.category || item.suggested === wanted.category) &&
      (wanted.image === null || item.image === wanted.image) &&
      (!text || [data.images[item.image].name, item.given, item.suggested, `${item.id}`,
        record ? record.why : ""].some((part) => part && part.toLowerCase().includes(text)));
  };
  const order = {
    picture: (item) => data.images[item.image].name,
    category: (item) => item.given || item.suggested,
    decision: (item) => (store.get(item.id) || {}).decision || "",
  }[wanted.sort];
  const found = data.items.filter(keep);
  if (!order) { return found; }
  const keys = new Map(found.map((item) => [item, order(item)]));
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  return found.sort((a, b) => compare(keys.get(a), keys.get(b)));
}

// What an item is about: what is given, and what is suggested in its place.
function headingOf(item) {
  if (item.proposal) { return `missing: ${item.suggested}?`; }
  const given = item.given || "(none)";
  if (item.suggested) { return `${given} → ${item.suggested}?`; }
  return item.acceptable ? `${given}: another mask?` : `${given}?`;
}

function decisionText(item, record) {
  const words = {
    accept: item.proposal ? "added" : "accepted", keep: "kept", remove: "removed",
    relabel: `category: ${record && record.category}`, undecided: "skipped",
  };
  return record && record.decision ? words[record.decision] : "";
}
