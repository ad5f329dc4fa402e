// Polygons to masks, as pycocotools rasterises them.
#pragma once

#include "columns.hpp"
#include "outlines.hpp"

namespace native {

// One polygon in an image of `size`; pycocotools' rleFrPoly.
void rasterise(const Point<double> *polygon, int points, Size size, Columns &mask);

// The union of parts, their holes bridged in; rings of fewer than three vertices cover nothing.
void rings_to_mask(const Rings &rings, Size size, Columns &mask);

}  // namespace native
