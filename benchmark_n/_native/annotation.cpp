#include "noises.hpp"

namespace native {
namespace {
// Runs are counted in 32 bits.
constexpr std::int64_t most_pixels = 1 << 30;

Measures measure(const Columns &mask) { return {mask.area(), mask.box()}; }

double ratio(std::int64_t shared, std::int64_t total) {
    return total ? static_cast<double>(shared) / static_cast<double>(total) : 1.0;
}

// IoU of two masks that share `shared` pixels, and of their boundaries.
void compare(const Columns &clean, const Columns &noisy, int distance, Result &result) {
    const std::int64_t shared = shared_area(clean, noisy);
    const std::int64_t all = result.clean.area + result.noisy.area - shared;
    result.iou = ratio(shared, all);
    Columns inner, noisy_inner;
    interior(clean, distance, inner);
    interior(noisy, distance, noisy_inner);
    const std::int64_t in_both = shared - shared_area(inner, noisy) -
                                 shared_area(clean, noisy_inner) + shared_area(inner, noisy_inner);
    const std::int64_t boundaries = result.clean.area - inner.area() + result.noisy.area -
                                    noisy_inner.area();
    result.boundary_iou = ratio(in_both, boundaries - in_both);
}

void read_mask(const Segmentation &found, Size size, Columns &mask, Columns &other) {
    if (!found.polygons) return runs_to_columns(found.runs, size, mask);
    const Rings &rings = found.rings;
    rasterise(rings.ring(0), rings.length(0), size, mask);
    for (int i = 1; i < rings.count(); i++) {
        rasterise(rings.ring(i), rings.length(i), size, other);
        unite(mask, other);
    }
}
}  // namespace

bool noise_mask(const Annotation &annotation, const std::vector<Noise> &noises,
                const std::uint8_t *struck, std::uint8_t *outcomes, Workspace &work,
                Result &result) {
    const Size size = annotation.size;
    if (size.height < 1 || size.width < 1 ||
        std::int64_t{size.height} * size.width > most_pixels ||
        !read_segmentation(annotation.begin, annotation.end, size, work.segmentation))
        return false;
    read_mask(work.segmentation, size, work.clean, work.other);
    result.clean = result.noisy = measure(work.clean);
    result.iou = result.boundary_iou = 1;
    bool applied = false, begun = false;
    for (std::size_t i = 0; i < noises.size(); i++) {
        if (!struck[i]) continue;
        if (!begun) {
            work.shape.mask = work.clean;
            work.shape.drawn = work.segmentation.polygons;
            if (work.shape.drawn) work.shape.rings = work.segmentation.rings;
            begun = true;
        }
        const Outcome outcome = apply(noises[i], size, work.shape);
        outcomes[i] = static_cast<std::uint8_t>(outcome);
        applied |= outcome == Outcome::applied;
    }
    if (applied) {
        result.noisy = measure(work.shape.mask);
        compare(work.clean, work.shape.mask, annotation.distance, result);
    }
    result.counts.clear();
    if (result.iou == 1 && !work.segmentation.polygons) {
        result.counts = work.segmentation.counts;
    } else {
        columns_to_runs(result.iou < 1 ? work.shape.mask : work.clean, size, work.runs);
        add_counts(work.runs, result.counts);
    }
    return true;
}
}  // namespace native
