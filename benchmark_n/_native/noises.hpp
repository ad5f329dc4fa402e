// The noises of masks that the tiers are made of, each in the forms that the tiers have.
#pragma once

#include <cstdint>
#include <vector>

#include "bitmap.hpp"
#include "columns.hpp"
#include "outlines.hpp"

namespace native {

// As benchmark_n.noise.native numbers them.
enum class Kind : std::uint8_t {
    simplify_contours,
    simplify_polygons,
    move_contours,
    move_polygons,
    resize,
};
enum class Outcome : std::uint8_t { applied, too_few_vertices, would_empty, empty_mask, zero_kernel };

struct Noise {
    Kind kind;
    double real;         // tolerance or standard deviation, px
    std::int64_t whole;  // seed, or side of the kernel, px, below 0 to erode
};

// A mask and the outlines that it fills, where it has any.
struct Shape {
    Columns mask;
    bool drawn = false;  // whether `rings` are those of the mask
    Rings rings;
};

// Change the shape, or leave it for the reason that comes back.
Outcome apply(const Noise &noise, Size size, Shape &shape);

}  // namespace native
