// Outlines of masks: the contours of OpenCV on whole pixels, and rings between pixels.
#pragma once

#include <vector>

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

}  // namespace native
