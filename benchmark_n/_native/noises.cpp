#include "noises.hpp"

#include <cmath>
#include <cstdlib>
#include <type_traits>

namespace native {
namespace {
constexpr int fewest_vertices = 3;
constexpr double careful = 1;  // of outlines that nobody clicked, px

// The shape's rings; of a mask without any, its outline simplified.
void outline(const Shape &shape, Rings &rings) {
    if (shape.drawn) {
        rings = shape.rings;
        return;
    }
    Contours contours;
    mask_to_rings(shape.mask, contours);
    std::vector<Point<double>> ring;
    std::vector<int> kept;
    rings.clear();
    for (int part = 0, i = 0; part < static_cast<int>(contours.parts.size()); part++) {
        for (; i < contours.parts[part]; i++) {
            ring.clear();
            for (int j = 0; j < contours.length(i); j++)
                ring.push_back({static_cast<double>(contours.ring(i)[j].x),
                                static_cast<double>(contours.ring(i)[j].y)});
            simplify_ring(ring.data(), contours.length(i), careful, kept);
            for (const int place : kept) rings.points.push_back(ring[place]);
            rings.close_ring();
        }
        rings.close_part();
    }
}

// Every ring simplified; one of which too little is left stays. False where none is changed.
template <class Number, class Simplify>
bool simplify_all(Outlines<Number> &outlines, Simplify simplify) {
    Outlines<Number> simplified;
    simplified.parts = outlines.parts;
    std::vector<Point<Number>> ring;
    bool any = false;
    for (int i = 0; i < outlines.count(); i++) {
        simplify(outlines.ring(i), outlines.length(i), ring);
        const bool enough = ring.size() >= fewest_vertices;
        any |= enough;
        if (enough)
            simplified.add_ring(ring.data(), static_cast<int>(ring.size()));
        else
            simplified.add_ring(outlines.ring(i), outlines.length(i));
    }
    std::swap(outlines, simplified);
    return any;
}

bool simplify(Contours &contours, double tolerance) {
    return simplify_all(contours, [&](const Point<int> *ring, int length, auto &out) {
        simplify_contour(ring, length, tolerance, out);
    });
}

bool simplify(Rings &rings, double tolerance) {
    std::vector<int> kept;
    return simplify_all(rings, [&](const Point<double> *ring, int length, auto &out) {
        simplify_ring(ring, length, tolerance, kept);
        out.clear();
        for (const int place : kept) out.push_back(ring[place]);
    });
}

// Every point moved at random; those of contours to whole pixels.
template <class Number>
bool move(Outlines<Number> &outlines, double deviation, std::int64_t seed) {
    std::vector<double> normals(2 * outlines.points.size());
    draw_normals(static_cast<std::uint64_t>(seed), normals);
    const double *next = normals.data();
    const auto shift = [&] {
        const double distance = deviation * *next++;
        constexpr bool whole = std::is_same_v<Number, int>;
        return static_cast<Number>(whole ? std::nearbyint(distance) : distance);
    };
    for (Point<Number> &point : outlines.points) {
        point.x += shift();
        point.y += shift();
    }
    return true;
}

// What stands for the shape after the noise; false where too few vertices are left.
bool redraw(const Noise &noise, Size size, const Shape &shape, Shape &noisy) {
    const auto changed = [&](auto &outlines, Kind simplifying) {
        return noise.kind == simplifying ? simplify(outlines, noise.real)
                                         : move(outlines, noise.real, noise.whole);
    };
    if (noise.kind == Kind::simplify_polygons || noise.kind == Kind::move_polygons) {
        outline(shape, noisy.rings);
        if (!changed(noisy.rings, Kind::simplify_polygons)) return false;
        noisy.drawn = true;
        rings_to_mask(noisy.rings, size, noisy.mask);
        return true;
    }
    Contours contours;
    Bitmap bitmap;
    columns_to_bitmap(shape.mask, bitmap);
    find_contours(bitmap, contours);
    if (!changed(contours, Kind::simplify_contours)) return false;
    fill_contours(contours, size, bitmap);
    bitmap_to_columns(bitmap, noisy.mask);
    return true;
}
}  // namespace

Outcome apply(const Noise &noise, Size size, Shape &shape) {
    if (shape.mask.empty()) return Outcome::empty_mask;
    Shape noisy;
    if (noise.kind == Kind::resize) {
        const int kernel = static_cast<int>(std::llabs(noise.whole));
        if (!kernel) return Outcome::zero_kernel;
        resize(shape.mask, kernel, noise.whole > 0, size, noisy.mask);
    } else if (!redraw(noise, size, shape, noisy)) {
        return Outcome::too_few_vertices;
    }
    if (noisy.mask.empty()) return Outcome::would_empty;
    std::swap(shape, noisy);
    return Outcome::applied;
}
}  // namespace native
