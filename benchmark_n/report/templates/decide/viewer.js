// The picture with its masks, zoomed and moved by the view box of an SVG in px of the image.
function makeViewer(svg) {
  const LEAST = 8, ROOM = 2.4, SMALLEST_VIEW = 48;
  const photo = document.getElementById("photo");
  let image = null, boxes = [], view = { x: 0, y: 0, width: 1, height: 1 };

  function draw() {
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  // The view of this centre and width, as high as the window's shape wants it.
  function look(x, y, width) {
    const shape = svg.clientHeight / svg.clientWidth || 0.75;
    const most = 2 * Math.max(image.width, image.height / shape);
    const wide = Math.min(Math.max(width, LEAST), most);
    const inside = (at, size) => Math.min(Math.max(at, 0), size);
    view = { x: inside(x, image.width) - wide / 2, y: inside(y, image.height) - wide * shape / 2,
      width: wide, height: wide * shape };
    draw();
  }

  function around([x, y, width, height], room) {
    const shape = svg.clientHeight / svg.clientWidth || 0.75;
    look(x + width / 2, y + height / 2, room * Math.max(width, height / shape));
  }

  function fit() {
    if (!boxes.length) { return whole(); }
    const left = Math.min(...boxes.map((b) => b[0])), top = Math.min(...boxes.map((b) => b[1]));
    const right = Math.max(...boxes.map((b) => b[0] + b[2]));
    const bottom = Math.max(...boxes.map((b) => b[1] + b[3]));
    const shape = svg.clientHeight / svg.clientWidth || 0.75;
    const width = Math.max(ROOM * Math.max(right - left, (bottom - top) / shape), SMALLEST_VIEW);
    // No more of what is beyond the picture than there has to be.
    const whole_width = Math.max(image.width, image.height / shape);
    if (width >= whole_width) { return whole(); }
    const near = (at, half, size) => 2 * half >= size ? size / 2 : Math.min(Math.max(at, half), size - half);
    look(near((left + right) / 2, width / 2, image.width),
      near((top + bottom) / 2, width * shape / 2, image.height), width);
    return null;
  }

  function whole() { around([0, 0, image.width, image.height], 1); }

  // Zoom by a factor about a point of the window; by default the middle.
  function zoom(factor, clientX, clientY) {
    const frame = svg.getBoundingClientRect();
    const u = clientX === undefined ? 0.5 : (clientX - frame.left) / frame.width;
    const v = clientY === undefined ? 0.5 : (clientY - frame.top) / frame.height;
    const x = view.x + u * view.width, y = view.y + v * view.height, width = view.width / factor;
    const shape = view.height / view.width;
    look(x + (0.5 - u) * width, y + (0.5 - v) * width * shape, width);
  }

  // Move by shares of the window's width and height.
  function move(right, down) {
    look(view.x + view.width * (0.5 + right), view.y + view.height * (0.5 + down), view.width);
  }

  function setMask(group, mask) {
    const parts = group.querySelectorAll("path");
    parts[0].setAttribute("d", mask ? mask.fill : "");
    parts[1].setAttribute("d", mask ? mask.line : "");
    parts[2].setAttribute("d", mask ? mask.line : "");
  }

  function show(item, record, label) {
    image = record;
    photo.setAttribute("width", image.width);
    photo.setAttribute("height", image.height);
    if (image.file) { photo.setAttribute("href", image.file); } else { photo.removeAttribute("href"); }
    const given = item.mask !== null ? Masks.paths(item.mask, image.height)
      : item.box ? Masks.rectangle(item.box) : null;
    const other = item.other !== null && item.other !== item.mask
      ? Masks.paths(item.other, image.height) : null;
    setMask(document.getElementById("given"), given);
    setMask(document.getElementById("suggested"), other);
    boxes = [given, other].filter(Boolean).map((mask) => mask.box);
    svg.setAttribute("aria-label", label);
    fit();
  }

  const fingers = new Map();
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) { return; }
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const now = [event.clientX, event.clientY];
    fingers.set(event.pointerId, now);
    if (others.length) {
      const far = (at) => Math.hypot(at[0] - others[0][0], at[1] - others[0][1]) || 1;
      zoom(far(now) / far(before), (now[0] + others[0][0]) / 2, (now[1] + others[0][1]) / 2);
    }
    const share = others.length ? 0.5 : 1;
    move(share * (before[0] - now[0]) / svg.clientWidth, share * (before[1] - now[1]) / svg.clientHeight);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    svg.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
  window.addEventListener("resize", () => { if (image) { zoom(1); fit(); } });
  return { show, fit, whole, zoom, move };
}
