// The `segmentation` of a record, as JSON.
#pragma once

#include <string>

#include "columns.hpp"
#include "outlines.hpp"
#include "rle.hpp"

namespace native {

struct Segmentation {
    bool polygons;
    Rings rings;         // of polygons, each a part of its own
    std::string counts;  // of an RLE, as it is written out where the mask stays
    Runs runs;
};

// False where it is anything but plain polygons inside the image, or an RLE in an encoder's form;
// what that is, and whether it is a fault, is not decided here.
bool read_segmentation(const char *begin, const char *end, Size size, Segmentation &found);

}  // namespace native
