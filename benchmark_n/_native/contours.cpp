// Contours as OpenCV traces them (Suzuki and Abe's border following), and parts of them.
#include <limits>
#include "bitmap.hpp"

namespace native {
namespace {
constexpr int dx[8] = {1, 1, 0, -1, -1, -1, 0, 1}, dy[8] = {0, -1, -1, -1, 0, 1, 1, 1};

// Pixels as labels: 0, 1 for a pixel that no contour passed, else that contour's number plus 2; the
// sign bit where the pixel to the right is outside.
template <class Label>
constexpr Label right_edge = std::numeric_limits<Label>::min();

// Follow the contour that begins at `start`, whose point is `point`, to its end.
template <class Label>
void trace(Label *start, int step, Point<int> point, bool hole, Label label, Contours &found) {
    int moves[16];
    for (int i = 0; i < 16; i++) moves[i] = dx[i & 7] + dy[i & 7] * step;
    const Label marked = static_cast<Label>(label | right_edge<Label>);
    int direction = hole ? 0 : 4;
    const int begun = direction;
    Label *second;
    do {
        direction = (direction - 1) & 7;
        second = start + moves[direction];
    } while (*second == 0 && direction != begun);
    if (direction == begun) {  // a single pixel
        *start = marked;
        found.points.push_back(point);
        return;
    }
    int before = direction ^ 4;
    for (Label *here = start;;) {
        const int from = direction;
        Label *next;
        do next = here + moves[++direction];
        while (*next == 0);
        direction &= 7;
        // Whether the search passed the pixel to the right.
        if (static_cast<unsigned>(direction - 1) < static_cast<unsigned>(from))
            *here = marked;
        else if (*here == 1)
            *here = label;
        if (direction != before) {
            found.points.push_back(point);
            before = direction;
        }
        point.x += dx[direction];
        point.y += dy[direction];
        if (next == start && here == second) return;
        here = next;
        direction = (direction + 4) & 7;
    }
}

// The next place from `x` on where a row's value changes, at most `end`.
template <class Label>
int next_change(const Label *row, int x, int end) {
    if (sizeof(Label) == 1) return first_difference(row, row - 1, x, end);
    while (x < end && row[x] == row[x - 1]) x++;
    return x;
}

// All contours in the order of their first pixels, and for each the outer one around a hole, or -1.
// False where there are more than labels can tell.
template <class Label>
bool trace_all(Label *pixels, const Bitmap &bitmap, Contours &found, std::vector<int> &outers) {
    const int most = static_cast<int>(std::numeric_limits<Label>::max()) - 2;
    const int end = bitmap.width + 2;
    for (int y = 0; y < bitmap.height; y++) {
        Label *row = pixels + std::size_t(y + 1) * bitmap.step;
        for (int x = next_change(row, 1, end); x < end; x = next_change(row, x + 1, end)) {
            const Label here = row[x], left = row[x - 1];
            const bool hole = here == 0 && left >= 1;
            if (!hole && !(left == 0 && here == 1)) continue;
            const int number = found.count();
            if (number >= most) return false;
            int outer = -1;
            if (hole) {  // it lies in the contour that was met last
                int place = x - 1;
                while ((row[place] & ~Label{1}) == 0) place--;
                const int met = (row[place] & static_cast<Label>(~right_edge<Label>)) - 2;
                outer = outers[met] < 0 ? met : outers[met];
            }
            outers.push_back(outer);
            const Point<int> point{bitmap.x + x - 1 - hole, bitmap.y + y};
            trace(row + x - hole, bitmap.step, point, hole, static_cast<Label>(number + 2), found);
            found.close_ring();
        }
    }
    return true;
}

// OpenCV's order: of parts, and of the holes of each, the last found comes first.
void order_parts(const Contours &found, const std::vector<int> &outers, Contours &ordered) {
    ordered.clear();
    ordered.points.reserve(found.points.size());
    const int count = found.count();
    std::vector<int> next(count, -1), first(count, -1);  // chains of the holes of each
    for (int i = 0; i < count; i++)
        if (outers[i] >= 0) {
            next[i] = first[outers[i]];
            first[outers[i]] = i;
        }
    for (int i = count - 1; i >= 0; i--) {
        if (outers[i] >= 0) continue;
        ordered.add_ring(found.ring(i), found.length(i));
        for (int hole = first[i]; hole >= 0; hole = next[hole])
            ordered.add_ring(found.ring(hole), found.length(hole));
        ordered.close_part();
    }
}
}  // namespace

void find_contours(Bitmap &bitmap, Contours &contours) {
    Contours found;
    std::vector<int> outers;
    // Labels of a byte do for nearly all masks; what is traced stays nonzero, so one can start anew.
    if (!trace_all(reinterpret_cast<std::int8_t *>(bitmap.pixels.data()), bitmap, found, outers)) {
        std::vector<std::int32_t> labels(bitmap.pixels.size());
        for (std::size_t i = 0; i < labels.size(); i++) labels[i] = bitmap.pixels[i] != 0;
        found.clear();
        outers.clear();
        trace_all(labels.data(), bitmap, found, outers);
    }
    order_parts(found, outers, contours);
}
}  // namespace native
