// Masks as pixels in their box, for what goes from pixel to pixel: contours traced and filled.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>
#include "columns.hpp"
#include "outlines.hpp"

namespace native {
// The first of `count` bytes from `at` on in which two rows differ; or `count`.
inline int first_difference(const void *a, const void *b, int at, int count) {
    const auto *p = static_cast<const char *>(a), *q = static_cast<const char *>(b);
    for (; at + 8 <= count; at += 8) {
        std::uint64_t left, right;
        std::memcpy(&left, p + at, 8);
        std::memcpy(&right, q + at, 8);
        if (left ^= right) return at + (__builtin_ctzll(left) >> 3);
    }
    while (at < count && p[at] == q[at]) at++;
    return at;
}

// Pixels 0 and 1, with a border of one pixel of 0 on each side and more to the right.
struct Bitmap {
    int x = 0, y = 0, width = 0, height = 0, step = 0;
    std::vector<std::uint8_t> pixels;

    void reset(Box box);
    std::uint8_t *row(int y) { return pixels.data() + std::size_t(y + 1) * step + 1; }
    const std::uint8_t *row(int y) const { return pixels.data() + std::size_t(y + 1) * step + 1; }
};

void columns_to_bitmap(const Columns &mask, Bitmap &bitmap);
void bitmap_to_columns(const Bitmap &bitmap, Columns &mask);

// cv2.findContours(RETR_CCOMP, CHAIN_APPROX_SIMPLE), part by part; the pixels are used up.
void find_contours(Bitmap &bitmap, Contours &contours);

// The union of the parts, each as cv2.fillPoly fills it, in its box within an image of `size`.
void fill_contours(const Contours &contours, Size size, Bitmap &bitmap);

// Rings along the edges of pixels, through corners alone.
void mask_to_rings(const Columns &mask, Contours &rings);
}  // namespace native
