#include "bitmap.hpp"

namespace native {
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pixels are compared eight at a time");

void Bitmap::reset(Box box) {
    x = box.x, y = box.y;
    width = box.width, height = box.height;
    step = (width + 2 + 7) / 8 * 8;
    pixels.assign(std::size_t(step) * (height + 2), 0);
}

void columns_to_bitmap(const Columns &mask, Bitmap &bitmap) {
    bitmap.reset(mask.box());
    // Where two neighbouring columns differ a run of a row begins or ends: rows are set run by run.
    std::vector<int> begun(bitmap.height, -1), edges;
    Intervals last{nullptr, nullptr};
    for (int x = 0; x <= mask.count(); x++) {
        const Intervals here = x < mask.count() ? mask.at(x) : Intervals{nullptr, nullptr};
        Intervals p = last, q = here;
        edges.clear();
        while (p.begin != p.end || q.begin != q.end) {
            if (q.begin == q.end || (p.begin != p.end && *p.begin < *q.begin))
                edges.push_back(*p.begin++);
            else if (p.begin == p.end || *q.begin < *p.begin)
                edges.push_back(*q.begin++);
            else
                p.begin++, q.begin++;
        }
        for (std::size_t i = 0; i + 1 < edges.size(); i += 2)
            for (int y = edges[i] - bitmap.y; y < edges[i + 1] - bitmap.y; y++) {
                if (begun[y] < 0) {
                    begun[y] = x;
                } else {
                    std::memset(bitmap.row(y) + begun[y], 1, x - begun[y]);
                    begun[y] = -1;
                }
            }
        last = here;
    }
}

void bitmap_to_columns(const Bitmap &bitmap, Columns &mask) {
    mask.clear(bitmap.x);
    if (!bitmap.width || !bitmap.height) return;
    struct Edge {
        int column, row;
    };
    std::vector<Edge> edges;
    std::vector<int> ends(bitmap.width + 1, 0);
    for (int y = 0; y <= bitmap.height; y++) {
        const std::uint8_t *above = bitmap.row(y - 1) - 1, *here = bitmap.row(y) - 1;
        for (int i = 0; (i = first_difference(above, here, i, bitmap.step)) < bitmap.step; i++) {
            edges.push_back({i - 1, y + bitmap.y});
            ends[i]++;
        }
    }
    for (int i = 0; i < bitmap.width; i++) ends[i + 1] += ends[i];
    mask.starts = ends;
    mask.rows.resize(edges.size());
    for (const Edge &edge : edges) mask.rows[ends[edge.column]++] = edge.row;
    mask.trim();
}

void mask_to_rings(const Columns &mask, Contours &rings) {
    // With three pixels for one, the pixel a contour passes tells which side of a pixel it passes.
    constexpr int zoom = 3;
    Columns zoomed;
    for (int i = 0; i < mask.count(); i++)
        for (int copy = 0; copy < zoom; copy++) {
            for (Intervals here = mask.at(i); !here.empty(); here.begin += 2)
                zoomed.add(zoom * here.begin[0], zoom * here.begin[1]);
            zoomed.close();
        }
    Bitmap bitmap;
    columns_to_bitmap(zoomed, bitmap);
    Contours contours;
    find_contours(bitmap, contours);
    rings.clear();
    for (int part = 0, ring = 0; part < static_cast<int>(contours.parts.size()); part++) {
        for (; ring < contours.parts[part]; ring++) {
            const int length = contours.length(ring);
            const Point<int> *points = contours.ring(ring);
            const auto corner = [&](int i) {
                return Point<int>{(points[i].x + 1) / zoom, (points[i].y + 1) / zoom};
            };
            for (int i = 0; i < length; i++)
                if (corner(i) != corner(i ? i - 1 : length - 1))
                    rings.points.push_back({corner(i).x + mask.left, corner(i).y});
            rings.close_ring();
        }
        rings.close_part();
    }
}
}  // namespace native
