// Masks as the rows that their columns fill, and what is measured and changed on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace native {
struct Size {
    int height, width;  // px
};

struct Box {
    int x = 0, y = 0, width = 0, height = 0;  // px
};

// Intervals [begin, end), ascending and apart, as numbers in a row: begin, end, begin, end, …
struct Intervals {
    const int *begin, *end;
    bool empty() const { return begin == end; }
};

// A mask: for each of `count()` columns from `left` on the intervals of rows that it fills.
struct Columns {
    int left = 0;
    std::vector<int> starts{0};  // where a column's numbers begin in `rows`; one more at the end
    std::vector<int> rows;

    int count() const { return static_cast<int>(starts.size()) - 1; }
    bool empty() const { return rows.empty(); }
    Intervals at(int index) const {
        return {rows.data() + starts[index], rows.data() + starts[index + 1]};
    }
    // Of a column of the image; none outside of the mask's columns.
    Intervals column(int x) const {
        const int index = x - left;
        return index < 0 || index >= count() ? Intervals{nullptr, nullptr} : at(index);
    }
    void clear(int new_left = 0) {
        left = new_left;
        starts.assign(1, 0);
        rows.clear();
    }
    void add(int begin, int end) {
        rows.push_back(begin);
        rows.push_back(end);
    }
    // The column in work is complete.
    void close() { starts.push_back(static_cast<int>(rows.size())); }

    void trim();  // drop empty columns at both ends
    void cut(int first, int last);  // keep the image's columns [first, last)
    Box box() const;
    std::int64_t area() const;
};

std::int64_t shared_area(const Columns &a, const Columns &b);

// The union of both in the place of `mask`.
void unite(Columns &mask, const Columns &other);

// The pixels farther than `distance` px (chessboard) from the outside; the border is outside.
void interior(const Columns &mask, int distance, Columns &out);

// cv2.dilate or cv2.erode by a square of side `kernel` px; the image's border erodes nothing.
void resize(const Columns &mask, int kernel, bool dilate, Size size, Columns &out);
}  // namespace native
