// Segmentations: run lengths, column by column, and their text, as pycocotools has them; polygons.
#pragma once

#include <string>
#include <vector>
#include "columns.hpp"
#include "outlines.hpp"

namespace native {
using Runs = std::vector<int>;  // background first

void columns_to_runs(const Columns &mask, Size size, Runs &runs);
void runs_to_columns(const Runs &runs, Size size, Columns &mask);

// The characters of a `counts` string, put at the end of `text`.
void add_counts(const Runs &runs, std::string &text);

// Runs out of a `counts` string; false where it is not what an encoder writes for this size.
bool parse_counts(const char *begin, const char *end, Size size, Runs &runs);

// The same mask without empty runs but perhaps the first; false where it is not of this size.
bool join_runs(const Runs &given, Size size, Runs &runs);

// The `segmentation` of a record.
struct Segmentation {
    bool polygons;
    Rings rings;         // of polygons, each a part of its own
    std::string counts;  // of an RLE, as it is written out where the mask stays
    Runs runs;
};

// False where it is anything but plain polygons inside the image, or an RLE in an encoder's form.
bool read_segmentation(const char *begin, const char *end, Size size, Segmentation &found);
}  // namespace native
