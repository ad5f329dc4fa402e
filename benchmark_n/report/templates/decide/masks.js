// Masks of COCO's compressed run lengths, exact to the pixel.
const Masks = (() => {
  // Five bits a character, the sixth tells of more; from the fourth run on, differences to the run
  // two before. Bits fit below 2^29 pixels.
  function runs(counts) {
    const found = [];
    let place = 0;
    while (place < counts.length) {
      let value = 0, shift = 0, code = 0;
      do {
        code = counts.charCodeAt(place) - 48;
        value |= (code & 31) << shift;
        shift += 5;
        place += 1;
      } while (code & 32);
      if (code & 16) { value |= -1 << shift; }
      if (found.length > 2) { value += found[found.length - 2]; }
      found.push(value);
    }
    return found;
  }

  // Column to the rows where the mask begins and ends in it, in turns.
  function columns(counts, height) {
    const found = new Map();
    let start = 0;
    runs(counts).forEach((length, number) => {
      const end = start + length;
      while (number % 2 && start < end) {
        const x = Math.floor(start / height), stop = Math.min(end, (x + 1) * height);
        if (!found.has(x)) { found.set(x, []); }
        found.get(x).push(start - x * height, stop - x * height);
        start = stop;
      }
      start = end;
    });
    return found;
  }

  // Rows where exactly one of two columns has the mask.
  function either(one, other) {
    const left = [];
    for (const end of [...one, ...other].sort((a, b) => a - b)) {
      if (left.length && left[left.length - 1] === end) { left.pop(); } else { left.push(end); }
    }
    return left;
  }

  // The pixels, the edges between them and what is outside, as paths, and the box [x, y, w, h], px.
  function paths(counts, height) {
    const cells = columns(counts, height), fill = [], line = [];
    let left = Infinity, right = 0, top = Infinity, bottom = 0;
    for (const [x, ends] of cells) {
      for (let k = 0; k < ends.length; k += 2) {
        fill.push(`M${x} ${ends[k]}h1V${ends[k + 1]}h-1z`);
        line.push(`M${x} ${ends[k]}h1M${x} ${ends[k + 1]}h1`);
      }
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, ends[0]);
      bottom = Math.max(bottom, ends[ends.length - 1]);
      const sides = [[x, cells.get(x - 1) || []]];
      if (!cells.has(x + 1)) { sides.push([x + 1, []]); }
      for (const [side, beside] of sides) {
        const ends_of_side = either(ends, beside);
        for (let k = 0; k < ends_of_side.length; k += 2) {
          line.push(`M${side} ${ends_of_side[k]}V${ends_of_side[k + 1]}`);
        }
      }
    }
    if (!cells.size) { return null; }
    return { fill: fill.join(""), line: line.join(""), box: [left, top, right - left, bottom - top] };
  }

  function rectangle([x, y, width, height]) {
    const path = `M${x} ${y}h${width}v${height}h${-width}z`;
    return { fill: path, line: path, box: [x, y, width, height] };
  }

  return { runs, paths, rectangle };
})();
