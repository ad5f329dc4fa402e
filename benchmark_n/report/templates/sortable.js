"use strict";
(function () {
  const text = (row, place) => row.cells[place].firstChild ? row.cells[place].firstChild.textContent : "";
  function compare(a, b) {
    const x = parseFloat(a), y = parseFloat(b);
    if (isNaN(x) && isNaN(y)) { return b.localeCompare(a); }
    return isNaN(x) ? -1 : isNaN(y) ? 1 : x - y;
  }
  for (const table of document.querySelectorAll("table")) {
    const heads = Array.from(table.tHead.rows[0].cells), body = table.tBodies[0];
    heads.forEach((head, place) => head.querySelector("button").addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const rows = Array.from(body.rows);
      rows.sort((a, b) => (falling ? -1 : 1) * compare(text(a, place), text(b, place)));
      body.append(...rows);
    }));
  }
})();
