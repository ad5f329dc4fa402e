// Contours to pixels as cv2.fillPoly has it: each edge drawn by Bresenham's algorithm, and the
// rows between edges by the even-odd rule, on coordinates in 16-bit fixed point.
#include <algorithm>
#include <cstring>
#include "bitmap.hpp"

namespace native {
namespace {
constexpr int fraction = 16;  // bits

struct Line {
    std::int64_t x0, y0, x1, y1;
};

// OpenCV's clipLine: cut to an image of width x height px, from the origin; false where nothing
// of it is inside. Ends are changed as far as it gets in either case.
bool clip(std::int64_t width, std::int64_t height, Line &line) {
    const std::int64_t right = width - 1, bottom = height - 1;
    const auto beside = [&](std::int64_t x) { return (x < 0 ? 1 : 0) + (x > right ? 2 : 0); };
    const auto code = [&](std::int64_t x, std::int64_t y) {
        return beside(x) + (y < 0 ? 4 : 0) + (y > bottom ? 8 : 0);
    };
    auto &[x0, y0, x1, y1] = line;
    int first = code(x0, y0), last = code(x1, y1);
    if ((first & last) || !(first | last)) return !(first | last);
    const auto scaled = [](std::int64_t part, std::int64_t run, std::int64_t rise) {
        return static_cast<std::int64_t>(static_cast<double>(part) * run / rise);
    };
    if (first & 12) {
        const std::int64_t edge = first < 8 ? 0 : bottom;
        x0 += scaled(edge - y0, x1 - x0, y1 - y0);
        y0 = edge;
        first = beside(x0);
    }
    if (last & 12) {
        const std::int64_t edge = last < 8 ? 0 : bottom;
        x1 += scaled(edge - y1, x1 - x0, y1 - y0);
        y1 = edge;
        last = beside(x1);
    }
    if ((first & last) || !(first | last)) return !(first | last);
    if (first) {
        const std::int64_t edge = first == 1 ? 0 : right;
        y0 += scaled(edge - x0, y1 - y0, x1 - x0);
        x0 = edge;
    }
    if (last) {
        const std::int64_t edge = last == 1 ? 0 : right;
        y1 += scaled(edge - x1, y1 - y0, x1 - x0);
        x1 = edge;
    }
    return true;
}

bool inside(const Line &line, const Bitmap &bitmap) {
    return line.x0 >= 0 && line.x0 < bitmap.width && line.x1 >= 0 && line.x1 < bitmap.width &&
           line.y0 >= 0 && line.y0 < bitmap.height && line.y1 >= 0 && line.y1 < bitmap.height;
}

// Bresenham's line from left to right.
void draw(Line line, Bitmap &bitmap) {
    if (!inside(line, bitmap) && !clip(bitmap.width, bitmap.height, line)) return;
    if (line.x1 < line.x0) line = {line.x1, line.y1, line.x0, line.y0};
    int along = static_cast<int>(line.x1 - line.x0), across = static_cast<int>(line.y1 - line.y0);
    std::uint8_t *pixel = bitmap.row(static_cast<int>(line.y0)) + line.x0;
    if (!across) {
        std::memset(pixel, 1, along + 1);
        return;
    }
    int major = 1, minor = across < 0 ? -bitmap.step : bitmap.step;
    across = std::abs(across);
    if (across > along) {
        std::swap(along, across);
        std::swap(major, minor);
    }
    int error = along - 2 * across;
    for (int i = 0;; i++) {
        *pixel = 1;
        if (i == along) return;
        const bool aside = error < 0;
        error += (aside ? 2 * along : 0) - 2 * across;
        pixel += major + (aside ? minor : 0);
    }
}

struct Crossing {
    int y;
    std::int64_t x;  // fixed point
};

// Where an edge crosses the rows of the image.
void cross(const Line &edge, const Bitmap &bitmap, std::vector<Crossing> &found) {
    Line cut = edge;
    std::int64_t y0 = edge.y0, y1 = edge.y1;
    if (!inside(cut, bitmap)) {
        clip(bitmap.width, bitmap.height, cut);
        if (cut.y0 != cut.y1) y0 = cut.y0, y1 = cut.y1;
    }
    const std::int64_t one = std::int64_t{1} << fraction;
    const std::int64_t x0 = cut.x0 * one, x1 = cut.x1 * one, slope = (x1 - x0) / (y1 - y0);
    const bool down = edge.y0 < edge.y1;
    std::int64_t x = down ? x0 + (edge.y0 - y0) * slope : x1 + (edge.y1 - y1) * slope;
    std::int64_t y = down ? edge.y0 : edge.y1;
    const std::int64_t last = std::min<std::int64_t>(down ? edge.y1 : edge.y0, bitmap.height);
    if (y < 0) {
        x += -y * slope;
        y = 0;
    }
    for (; y < last; y++, x += slope) found.push_back({static_cast<int>(y), x});
}

// The rows between pairs of crossings.
void fill_rows(const std::vector<Crossing> &crossings, Bitmap &bitmap) {
    std::vector<int> ends(bitmap.height + 1, 0);
    for (const Crossing &one : crossings) ends[one.y + 1]++;
    for (int y = 0; y < bitmap.height; y++) ends[y + 1] += ends[y];
    std::vector<std::int64_t> xs(crossings.size());
    for (const Crossing &one : crossings) xs[ends[one.y]++] = one.x;
    const std::int64_t width = bitmap.width;
    for (int y = 0, at = 0; y < bitmap.height; at = ends[y++]) {
        std::sort(xs.begin() + at, xs.begin() + ends[y]);
        for (; at + 1 < ends[y]; at += 2) {
            const std::int64_t up = (std::int64_t{1} << fraction) - 1;
            const std::int64_t left = std::max<std::int64_t>((xs[at] + up) >> fraction, 0);
            const std::int64_t right = std::min(xs[at + 1] >> fraction, width - 1);
            if (left <= right) std::memset(bitmap.row(y) + left, 1, right - left + 1);
        }
    }
}

// One part, by the even-odd rule over all its rings.
void fill_part(const Contours &contours, int ring, int last, Bitmap &bitmap) {
    std::vector<Crossing> crossings;
    int sloping = 0;
    for (; ring < last; ring++) {
        const Point<int> *points = contours.ring(ring);
        const int length = contours.length(ring);
        Point<int> before = points[length - 1];
        for (int i = 0; i < length; i++) {
            const Line edge{std::int64_t{before.x} - bitmap.x, std::int64_t{before.y} - bitmap.y,
                            std::int64_t{points[i].x} - bitmap.x,
                            std::int64_t{points[i].y} - bitmap.y};
            draw(edge, bitmap);
            if (edge.y0 != edge.y1) {
                cross(edge, bitmap, crossings);
                sloping++;
            }
            before = points[i];
        }
    }
    if (sloping > 1) fill_rows(crossings, bitmap);
}
}  // namespace

void fill_contours(const Contours &contours, Size size, Bitmap &bitmap) {
    int left = size.width, top = size.height, right = 0, bottom = 0;
    for (const Point<int> &point : contours.points) {
        left = std::min(left, point.x);
        right = std::max(right, point.x + 1);
        top = std::min(top, point.y);
        bottom = std::max(bottom, point.y + 1);
    }
    left = std::max(left, 0);
    top = std::max(top, 0);
    right = std::min(right, size.width);
    bottom = std::min(bottom, size.height);
    if (left >= right || top >= bottom) return bitmap.reset({});
    const Box box{left, top, right - left, bottom - top};
    bitmap.reset(box);
    Bitmap layer;
    int ring = 0;
    for (const int last : contours.parts) {
        if (last - ring == 1) {
            fill_part(contours, ring, last, bitmap);
        } else {  // the even-odd rule would also cut into the parts drawn before
            layer.reset(box);
            fill_part(contours, ring, last, layer);
            for (std::size_t i = 0; i < bitmap.pixels.size(); i++)
                bitmap.pixels[i] |= layer.pixels[i];
        }
        ring = last;
    }
}
}  // namespace native
