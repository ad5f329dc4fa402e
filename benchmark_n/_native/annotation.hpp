// What becomes of one annotation's mask: read, noised, measured and written.
#pragma once

#include <string>
#include <vector>

#include "noises.hpp"
#include "segmentation.hpp"

namespace native {

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
