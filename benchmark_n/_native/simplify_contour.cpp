#include <cmath>
#include <utility>
#include "outlines.hpp"

namespace native {
namespace {
using Vertex = Point<int>;
using Slice = std::pair<int, int>;  // first and last vertex

// A closed contour read vertex by vertex.
struct Reader {
    const Vertex *vertices;
    int count, place;
    Vertex next() {
        const Vertex found = vertices[place];
        if (++place >= count) place = 0;
        return found;
    }
};

// Two vertices far apart, where the contour is cut in halves. False where all are near the first.
bool cut_in_halves(const Vertex *contour, int count, double tolerance, std::vector<Slice> &slices,
                   Vertex &start) {
    Reader reader{contour, count, 0};
    int farthest = 0;
    bool near = false;
    for (int round = 0; round < 3; round++) {
        reader.place = (reader.place + farthest) % count;
        start = reader.next();
        double most = 0;
        for (int i = 1; i < count; i++) {
            const Vertex vertex = reader.next();
            const double dx = vertex.x - start.x, dy = vertex.y - start.y;
            const double distance = dx * dx + dy * dy;
            if (distance > most) {
                most = distance;
                farthest = i;
            }
        }
        near = most <= tolerance;
    }
    if (near) return false;
    const int first = reader.place % count, last = (farthest + first) % count;
    slices.push_back({last, first});
    slices.push_back({first, last});
    return true;
}

// The vertex of a slice that is farthest from the segment between its ends, or -1 where none is
// farther than the tolerance. Distances are squared, and times the segment's squared length.
int farthest_in(const Vertex *contour, int count, Slice slice, double tolerance) {
    const Vertex start = contour[slice.first], end = contour[slice.second];
    Reader reader{contour, count, slice.first};
    reader.next();
    if (reader.place == slice.second) return -1;
    const double dx = end.x - start.x, dy = end.y - start.y, squared = dx * dx + dy * dy;
    double most = 0;
    int farthest = 0;
    while (reader.place != slice.second) {
        const Vertex vertex = reader.next();
        const double x = vertex.x - start.x, y = vertex.y - start.y;
        const double along = x * dx + y * dy;
        double distance;
        if (along < 0) {
            distance = (x * x + y * y) * squared;
        } else if (along > squared) {
            const double u = vertex.x - end.x, v = vertex.y - end.y;
            distance = (u * u + v * v) * squared;
        } else {
            const double across = y * dx - x * dy;
            distance = across * across;
        }
        if (distance > most) {
            most = distance;
            farthest = (reader.place + count - 1) % count;
        }
    }
    return most <= tolerance * squared ? -1 : farthest;
}

// Drop vertices that lie near the line between their neighbours.
void straighten(std::vector<Vertex> &vertices, double tolerance) {
    const int count = static_cast<int>(vertices.size());
    int left = count;
    Reader reader{vertices.data(), count, count - 1};
    Vertex before = reader.next();
    int place = reader.place;
    const auto put = [&](Vertex vertex) {
        vertices[place] = before = vertex;
        if (++place >= count) place = 0;
    };
    Vertex vertex = reader.next();
    for (int i = 0; i < count && left > 2; i++) {
        const Vertex after = reader.next();
        const double dx = after.x - before.x, dy = after.y - before.y;
        const double x = vertex.x - before.x, y = vertex.y - before.y;
        const double across = std::fabs(x * dy - y * dx);
        const double along = x * (after.x - vertex.x) + y * (after.y - vertex.y);
        const bool near = across * across <= 0.5 * tolerance * (dx * dx + dy * dy);
        if (near && dx != 0 && dy != 0 && along >= 0) {
            left--;
            put(after);
            vertex = reader.next();
            i++;
        } else {
            put(vertex);
            vertex = after;
        }
    }
    vertices.resize(left);
}
}  // namespace

void simplify_contour(const Vertex *contour, int length, double tolerance,
                      std::vector<Vertex> &out) {
    const double squared = tolerance * tolerance;
    std::vector<Slice> slices;
    out.clear();
    Vertex start;
    if (!cut_in_halves(contour, length, squared, slices, start)) out.push_back(start);
    while (!slices.empty()) {
        const Slice slice = slices.back();
        slices.pop_back();
        const int cut = farthest_in(contour, length, slice, squared);
        if (cut < 0)
            out.push_back(contour[slice.first]);
        else
            slices.insert(slices.end(), {{cut, slice.second}, {slice.first, cut}});
    }
    straighten(out, squared);
}
}  // namespace native
