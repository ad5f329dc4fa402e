// Outlines of masks: the contours of OpenCV on whole pixels, and rings between pixels. How they
// are simplified and rasterised.
#pragma once

#include <vector>
#include "columns.hpp"

namespace native {
template <class Number>
struct Point {
    Number x, y;  // px
    bool operator==(const Point &other) const { return x == other.x && y == other.y; }
    bool operator!=(const Point &other) const { return !(*this == other); }
};

// Rings, and the parts of a mask that they make up: an outer one, then those of its holes.
template <class Number>
struct Outlines {
    std::vector<Point<Number>> points;
    std::vector<int> rings;  // where each ring ends in `points`
    std::vector<int> parts;  // where each part ends in `rings`

    int count() const { return static_cast<int>(rings.size()); }
    int first(int ring) const { return ring ? rings[ring - 1] : 0; }
    int length(int ring) const { return rings[ring] - first(ring); }
    const Point<Number> *ring(int ring) const { return points.data() + first(ring); }
    Point<Number> *ring(int ring) { return points.data() + first(ring); }
    void clear() {
        points.clear();
        rings.clear();
        parts.clear();
    }
    void close_ring() { rings.push_back(static_cast<int>(points.size())); }
    void close_part() { parts.push_back(count()); }
    void add_ring(const Point<Number> *begin, int length) {
        points.insert(points.end(), begin, begin + length);
        close_ring();
    }
};

using Contours = Outlines<int>;
using Rings = Outlines<double>;

// One polygon in an image of `size` as pycocotools rasterises it, its rleFrPoly.
void rasterise(const Point<double> *polygon, int points, Size size, Columns &mask);

// The union of parts, their holes bridged in; rings of fewer than three vertices cover nothing.
void rings_to_mask(const Rings &rings, Size size, Columns &mask);

// cv2.approxPolyDP of a closed contour, OpenCV 4.13 and newer; what is left may be one vertex.
void simplify_contour(const Point<int> *contour, int length, double tolerance,
                      std::vector<Point<int>> &out);

// benchmark_n.masks.simplification.simplify_ring: which vertices stay, ascending.
void simplify_ring(const Point<double> *ring, int length, double tolerance, std::vector<int> &kept);
}  // namespace native
