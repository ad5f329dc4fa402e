// Outlines with fewer vertices, by Douglas and Peucker's algorithm in two forms.
#pragma once

#include <vector>

#include "outlines.hpp"

namespace native {

// cv2.approxPolyDP of a closed contour, OpenCV 4.13 and newer; what is left may be one vertex.
void simplify_contour(const Point<int> *contour, int length, double tolerance,
                      std::vector<Point<int>> &out);

// benchmark_n.masks.simplification.simplify_ring: which vertices stay, ascending.
void simplify_ring(const Point<double> *ring, int length, double tolerance, std::vector<int> &kept);

}  // namespace native
