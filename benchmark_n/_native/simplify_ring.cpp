#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include "outlines.hpp"

namespace native {
namespace {
using Vertex = Point<std::int64_t>;
// A triangle and its first point again: an outline keeps at least these.
constexpr int fewest = 4;
// Coordinates count in this part of a pixel, so that what crosses is told in whole numbers alone.
constexpr double part = 256;

int sign(std::int64_t number) { return (number > 0) - (number < 0); }

// On which side of the line through `a` and `b` a point is.
int side(Vertex a, Vertex b, Vertex point) {
    return sign((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x));
}

// Whether a point of the line through `a` and `b` lies between them, and is neither.
bool between(Vertex point, Vertex a, Vertex b) {
    return (point.x - a.x) * (point.x - b.x) + (point.y - a.y) * (point.y - b.y) < 0;
}

// Whether the segment a-b is the segment c-d, or meets it or its inside.
bool meet(Vertex a, Vertex b, Vertex c, Vertex d) {
    const int of_c = side(a, b, c), of_d = side(a, b, d);
    const int of_a = side(c, d, a), of_b = side(c, d, b);
    return (of_c * of_d < 0 && of_a * of_b < 0) || (!of_c && between(c, a, b)) ||
           (!of_d && between(d, a, b)) || (!of_a && between(a, c, d)) ||
           (!of_b && between(b, c, d)) || (a == c && b == d) || (a == d && b == c);
}

double distance(Vertex point, Vertex a, Vertex b) {
    // Sums, products, quotients and roots alone: every machine rounds them alike.
    const double along_x = static_cast<double>(b.x - a.x), along_y = static_cast<double>(b.y - a.y);
    const double away_x = static_cast<double>(point.x - a.x);
    const double away_y = static_cast<double>(point.y - a.y);
    const double squared = along_x * along_x + along_y * along_y;
    const double dot = along_x * away_x + along_y * away_y;
    if (squared == 0 || dot <= 0) return std::sqrt(away_x * away_x + away_y * away_y);
    if (dot >= squared) {
        const double x = static_cast<double>(point.x - b.x), y = static_cast<double>(point.y - b.y);
        return std::sqrt(x * x + y * y);
    }
    return std::fabs(along_x * away_y - along_y * away_x) / std::sqrt(squared);
}

// An outline in work; its last point is its first one.
class Ring {
  public:
    Ring(std::vector<Vertex> points, double tolerance, std::vector<int> &kept)
        : points_(std::move(points)), tolerance_(tolerance), kept_(kept) {
        ends_.resize(last());
        present_.resize(last());
        std::iota(ends_.begin(), ends_.end(), 1);
        std::iota(present_.begin(), present_.end(), 0);
    }

    void simplify() {
        struct Section {
            int first, last, depth;
        };
        kept_.assign(1, 0);
        std::vector<Section> waiting{{0, last(), 1}};
        while (!waiting.empty()) {
            const auto [first, last, depth] = waiting.back();
            waiting.pop_back();
            if (first + 1 < last) {
                double most;
                const int place = farthest(first, last, most);
                const bool enough = kept() >= fewest || depth + 1 >= fewest;
                if (!(enough && most <= tolerance_ && free(first, last, first, last))) {
                    waiting.push_back({place, last, depth + 1});
                    waiting.push_back({first, place, depth + 1});
                    continue;
                }
                replace(first, last);
            }
            kept_.push_back(last);
        }
        kept_.pop_back();  // the first point again
        drop_first();
    }

  private:
    int last() const { return static_cast<int>(points_.size()) - 1; }
    int kept() const { return static_cast<int>(kept_.size()); }

    int farthest(int first, int last, double &most) const {
        int place = first + 1;
        most = -1;
        for (int i = first + 1; i < last; i++) {
            const double here = distance(points_[i], points_[first], points_[last]);
            if (here > most) {
                most = here;
                place = i;
            }
        }
        return place;
    }

    // Whether the line between two points meets no line of the outline but those that it stands
    // for, which start at points `begin` to `end` - 1.
    bool free(int first, int last, int begin, int end) const {
        const Vertex a = points_[first], b = points_[last];
        const auto [left, right] = std::minmax(a.x, b.x);
        const auto [top, bottom] = std::minmax(a.y, b.y);
        for (const int start : present_) {
            if (start >= begin && start < end) continue;
            const Vertex c = points_[start], d = points_[ends_[start]];
            if (std::max(c.x, d.x) < left || std::min(c.x, d.x) > right ||
                std::max(c.y, d.y) < top || std::min(c.y, d.y) > bottom)
                continue;
            if (meet(a, b, c, d)) return false;
        }
        return true;
    }

    // The line that replaces a section stands in its first place.
    void replace(int first, int last) {
        const auto from = std::lower_bound(present_.begin(), present_.end(), first + 1);
        present_.erase(from, std::lower_bound(from, present_.end(), last));
        ends_[first] = last;
    }

    // Leave out the first point too, where the line between its neighbours is near it.
    void drop_first() {
        if (kept() < fewest) return;
        const int before = kept_.back(), after = kept_[1];
        if (distance(points_[0], points_[before], points_[after]) > tolerance_) return;
        const std::vector<int> all = present_;
        present_.erase(std::find(present_.begin(), present_.end(), before));
        if (free(before, after, 0, 1)) kept_.erase(kept_.begin());
        present_ = all;
    }

    std::vector<Vertex> points_;
    double tolerance_;
    std::vector<int> &kept_;
    std::vector<int> ends_;     // where the line that starts at a point ends
    std::vector<int> present_;  // points at which lines start, ascending
};
}  // namespace

void simplify_ring(const Point<double> *ring, int length, double tolerance,
                   std::vector<int> &kept) {
    kept.clear();
    if (length < fewest) {
        for (int i = 0; i < length; i++) kept.push_back(i);
        return;
    }
    std::vector<Vertex> points(length + 1);
    for (int i = 0; i < length; i++)
        points[i] = {std::llrint(ring[i].x * part), std::llrint(ring[i].y * part)};
    points[length] = points[0];
    Ring(std::move(points), tolerance * part, kept).simplify();
}
}  // namespace native
