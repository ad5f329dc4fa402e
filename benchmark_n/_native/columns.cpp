#include "columns.hpp"

#include <algorithm>

namespace native {
void Columns::trim() {
    int first = 0, last = count();
    while (first < last && at(first).empty()) first++;
    while (last > first && at(last - 1).empty()) last--;
    if (first == last) return clear();
    starts.resize(last + 1);
    starts.erase(starts.begin(), starts.begin() + first);  // empty ones: offsets stay
    left += first;
}

void Columns::cut(int first, int last) {
    const int from = std::max(first - left, 0), to = std::min(last - left, count());
    if (from >= to) return clear();
    const int base = starts[from];
    rows.resize(starts[to]);
    rows.erase(rows.begin(), rows.begin() + base);
    starts.resize(to + 1);
    starts.erase(starts.begin(), starts.begin() + from);
    for (int &start : starts) start -= base;
    left += from;
}

Box Columns::box() const {
    if (empty()) return {};
    int top = rows[0], bottom = 0;
    for (int i = 0; i < count(); i++) {
        const Intervals here = at(i);
        if (here.empty()) continue;
        top = std::min(top, here.begin[0]);
        bottom = std::max(bottom, here.end[-1]);
    }
    return {left, top, count(), bottom - top};
}

std::int64_t Columns::area() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < rows.size(); i += 2) sum += rows[i + 1] - rows[i];
    return sum;
}

std::int64_t shared_area(const Columns &a, const Columns &b) {
    const int first = std::max(a.left, b.left);
    const int last = std::min(a.left + a.count(), b.left + b.count());
    std::int64_t sum = 0;
    for (int x = first; x < last; x++) {
        Intervals p = a.column(x), q = b.column(x);
        while (!p.empty() && !q.empty()) {
            const int low = std::max(p.begin[0], q.begin[0]);
            const int high = std::min(p.begin[1], q.begin[1]);
            if (high > low) sum += high - low;
            (p.begin[1] < q.begin[1] ? p : q).begin += 2;
        }
    }
    return sum;
}

namespace {
struct Both {  // rows of two columns
    static void add(Intervals p, Intervals q, Columns &out) {
        while (!p.empty() && !q.empty()) {
            const int low = std::max(p.begin[0], q.begin[0]);
            const int high = std::min(p.begin[1], q.begin[1]);
            if (high > low) out.add(low, high);
            (p.begin[1] < q.begin[1] ? p : q).begin += 2;
        }
    }
};

struct Either {  // rows of one or the other
    static void add(Intervals p, Intervals q, Columns &out) {
        const std::size_t base = out.rows.size();
        while (!p.empty() || !q.empty()) {
            Intervals &next = q.empty() || (!p.empty() && p.begin[0] <= q.begin[0]) ? p : q;
            if (out.rows.size() > base && next.begin[0] <= out.rows.back())
                out.rows.back() = std::max(out.rows.back(), next.begin[1]);
            else
                out.add(next.begin[0], next.begin[1]);
            next.begin += 2;
        }
    }
};

// Each column together with the `side` - 1 after it, by steps of doubled length. Of n columns
// n - side + 1 are left; `left` stays.
template <class Rule>
void join_neighbours(Columns &columns, int side) {
    Columns next;
    for (int length = 1; length < side;) {
        const int step = std::min(length, side - length), count = columns.count() - step;
        next.clear(columns.left);
        next.starts.reserve(count + 1);
        next.rows.reserve(columns.rows.size());
        for (int i = 0; i < count; i++) {
            Rule::add(columns.at(i), columns.at(i + step), next);
            next.close();
        }
        std::swap(columns, next);
        length += step;
    }
}
}  // namespace

void unite(Columns &mask, const Columns &other) {
    if (other.empty()) return;
    if (mask.empty()) {
        mask = other;
        return;
    }
    const int last = std::max(mask.left + mask.count(), other.left + other.count());
    Columns both;
    both.left = std::min(mask.left, other.left);
    for (int x = both.left; x < last; x++) {
        Either::add(mask.column(x), other.column(x), both);
        both.close();
    }
    std::swap(mask, both);
}

void interior(const Columns &mask, int distance, Columns &out) {
    out.clear(mask.left + distance);
    if (mask.count() <= 2 * distance) return;
    for (int i = 0; i < mask.count(); i++) {
        for (Intervals here = mask.at(i); !here.empty(); here.begin += 2)
            if (here.begin[1] - here.begin[0] > 2 * distance)
                out.add(here.begin[0] + distance, here.begin[1] - distance);
        out.close();
    }
    join_neighbours<Both>(out, 2 * distance + 1);
}

namespace {
// A column's intervals, each longer by `before` rows above and `after` rows below.
void grow(Intervals here, int before, int after, int height, Columns &out) {
    const std::size_t base = out.rows.size();
    for (; !here.empty(); here.begin += 2) {
        const int begin = std::max(here.begin[0] - before, 0);
        const int end = std::min(here.begin[1] + after, height);
        if (out.rows.size() > base && begin <= out.rows.back())
            out.rows.back() = std::max(out.rows.back(), end);
        else
            out.add(begin, end);
    }
}

// A column's intervals, each shorter, but not where the image ends.
void shrink(Intervals here, int above, int below, int height, Columns &out) {
    for (; !here.empty(); here.begin += 2) {
        const int begin = here.begin[0] == 0 ? 0 : here.begin[0] + above;
        const int end = here.begin[1] == height ? height : here.begin[1] - below;
        if (end > begin) out.add(begin, end);
    }
}
}  // namespace

void resize(const Columns &mask, int kernel, bool dilate, Size size, Columns &out) {
    // OpenCV's anchor: a pixel looks `back` px to the left and above, `ahead` px to the other side.
    const int back = kernel / 2, ahead = kernel - 1 - back;
    const int padding = dilate ? kernel - 1 : back;
    const int first = mask.left - padding;
    const int last = mask.left + mask.count() + (dilate ? kernel - 1 : ahead);
    out.clear(first);
    for (int x = first; x < last; x++) {
        if (dilate)
            grow(mask.column(x), ahead, back, size.height, out);
        else if (x < 0 || x >= size.width)
            out.add(0, size.height);
        else
            shrink(mask.column(x), back, ahead, size.height, out);
        out.close();
    }
    if (dilate)
        join_neighbours<Either>(out, kernel);
    else
        join_neighbours<Both>(out, kernel);
    out.left += back;
    out.cut(0, size.width);
    out.trim();
}
}  // namespace native
