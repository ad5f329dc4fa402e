#include "outlines.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace native {
namespace {
// pycocotools walks outlines in fifths of a pixel, and a column's rows begin or end where the
// outline steps from its third fifth, 5x + 2, to the fourth.
constexpr int fifths = 5;
// Vertices farther away than this many image sides are moved to there.
constexpr int reach = 8;

struct Crossing {
    int column, row;
};

// The row in which pycocotools has an outline cross that is at `fifth` there.
int row_of(int fifth, int height) {
    return fifth <= 2 ? 0 : std::min((fifth + 2) / fifths, height);
}

// The crossings of one edge between points counted in fifths.
void cross(Point<int> from, Point<int> to, Size size, std::vector<Crossing> &found) {
    const int dx = std::abs(to.x - from.x), dy = std::abs(to.y - from.y);
    if (!dx) return;
    if (dx >= dy ? from.x > to.x : from.y > to.y) std::swap(from, to);
    const int low = std::min(from.x, to.x), high = std::max(from.x, to.x);
    const int first = low <= 2 ? 0 : (low + 2) / fifths;
    const int last = high < 3 ? -1 : std::min((high - 3) / fifths, size.width - 1);
    if (dx >= dy) {
        const double slope = static_cast<double>(to.y - from.y) / dx;
        for (int column = first; column <= last; column++) {
            const int step = fifths * column + 2 - from.x;
            const int before = static_cast<int>(from.y + slope * step + .5);
            const int after = static_cast<int>(from.y + slope * (step + 1) + .5);
            found.push_back({column, row_of(std::min(before, after), size.height)});
        }
        return;
    }
    const double slope = static_cast<double>(to.x - from.x) / dy, inverse = 1 / slope;
    const auto at = [&](int step) { return static_cast<int>(from.x + slope * step + .5); };
    for (int column = first; column <= last; column++) {
        // The first step beyond the crossing: near where real numbers have it.
        const int edge = fifths * column + 2;
        const auto beyond = [&](int step) { return slope > 0 ? at(step) > edge : at(step) <= edge; };
        int step = static_cast<int>((edge + .5 - from.x) * inverse);
        step = std::min(std::max(step, 1), dy);
        while (step > 1 && beyond(step - 1)) step--;
        while (step < dy && !beyond(step)) step++;
        found.push_back({column, row_of(step - 1 + from.y, size.height)});
    }
}

// Rows in which outlines cross columns to the intervals between them: two in one row undo another.
void pair_crossings(const std::vector<Crossing> &crossings, Columns &mask) {
    mask.clear();
    if (crossings.empty()) return;
    int first = crossings[0].column, last = first;
    for (const Crossing &one : crossings) {
        first = std::min(first, one.column);
        last = std::max(last, one.column);
    }
    const int count = last - first + 1;
    std::vector<int> ends(count + 1), rows(crossings.size());
    for (const Crossing &one : crossings) ends[one.column - first + 1]++;
    for (int i = 0; i < count; i++) ends[i + 1] += ends[i];
    for (const Crossing &one : crossings) rows[ends[one.column - first]++] = one.row;
    mask.left = first;
    mask.starts.reserve(count + 1);
    mask.rows.reserve(rows.size());
    for (int i = 0, at = 0; i < count; i++) {
        std::sort(rows.begin() + at, rows.begin() + ends[i]);
        const std::size_t base = mask.rows.size();
        for (; at < ends[i]; at++) {
            if (mask.rows.size() > base && mask.rows.back() == rows[at])
                mask.rows.pop_back();
            else
                mask.rows.push_back(rows[at]);
        }
        mask.close();
    }
    mask.trim();
}
}  // namespace

void rasterise(const Point<double> *polygon, int points, Size size, Columns &mask) {
    std::vector<Crossing> crossings;
    const auto rounded = [](Point<double> point) {
        return Point<int>{static_cast<int>(fifths * point.x + .5),
                          static_cast<int>(fifths * point.y + .5)};
    };
    Point<int> last = rounded(polygon[points - 1]);
    for (int i = 0; i < points; i++) {
        const Point<int> next = rounded(polygon[i]);
        cross(last, next, size, crossings);
        last = next;
    }
    pair_crossings(crossings, mask);
}

void rings_to_mask(const Rings &rings, Size size, Columns &mask) {
    const double limit = static_cast<double>(reach) * std::max(size.height, size.width);
    const auto clipped = [&](Point<double> point) {
        return Point<double>{std::min(std::max(point.x, -limit), limit),
                             std::min(std::max(point.y, -limit), limit)};
    };
    mask.clear();
    Columns one;
    std::vector<Point<double>> path;
    for (int part = 0, ring = 0; part < static_cast<int>(rings.parts.size()); part++) {
        path.clear();
        for (; ring < rings.parts[part]; ring++) {
            const int length = rings.length(ring);
            if (length < 3) continue;
            const bool outer = path.empty();
            // A bridge: from the outer ring's first vertex around the hole, and back.
            if (!outer) path.push_back(path[0]);
            const Point<double> *points = rings.ring(ring);
            for (int i = 0; i < length; i++) path.push_back(clipped(points[i]));
            if (outer) continue;
            path.push_back(clipped(points[0]));
            path.push_back(path[0]);
        }
        if (path.empty()) continue;
        rasterise(path.data(), static_cast<int>(path.size()), size, one);
        unite(mask, one);
    }
}
}  // namespace native
