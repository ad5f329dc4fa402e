// The noises of masks that the tiers are made of, each in the forms that the tiers have, and what
// becomes of one annotation's mask: read, noised, measured and written.
#pragma once

#include <cstdint>
#include <vector>
#include "bitmap.hpp"
#include "segmentation.hpp"

namespace native {
// As benchmark_n.noise.native numbers them.
enum class Kind : std::uint8_t { simplify_contours, simplify_polygons, move_contours, move_polygons,
                                 resize };
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

// The normal numbers of numpy.random.default_rng(seed), for seeds of up to 64 bits.
void draw_normals(std::uint64_t seed, std::vector<double> &numbers);

// Change the shape, or leave it for the reason that comes back.
Outcome apply(const Noise &noise, Size size, Shape &shape);

struct Annotation {
    const char *begin, *end;  // its segmentation
    Size size;                // of its image
    int distance;             // width of the boundary band, px
};

struct Measures {
    std::int64_t area;  // px²
    Box box;
};

struct Result {
    Measures clean, noisy;
    double iou = 1, boundary_iou = 1;
    std::string counts;  // of the noisy mask
};

// Buffers that are filled anew for each annotation.
struct Workspace {
    Segmentation segmentation;
    Columns clean, other;
    Shape shape;
    Runs runs;
};

// Noise one mask. `struck` tells which noises do, and gets what came of them in `outcomes`; false
// where the segmentation is not read here.
bool noise_mask(const Annotation &annotation, const std::vector<Noise> &noises,
                const std::uint8_t *struck, std::uint8_t *outcomes, Workspace &work, Result &result);
}  // namespace native
