#include "segmentation.hpp"

#include <algorithm>

namespace native {
namespace {
constexpr int first_character = 48, payload = 0x1f, sign = 0x10, more = 0x20;
constexpr int longest_number = 6;  // characters
}  // namespace

void columns_to_runs(const Columns &mask, Size size, Runs &runs) {
    runs.clear();
    const int total = size.height * size.width;
    int done = 0, begin = 0, end = 0;
    const auto flush = [&] {
        if (end == begin) return;
        runs.push_back(begin - done);
        runs.push_back(end - begin);
        done = end;
    };
    for (int i = 0; i < mask.count(); i++) {
        const int base = (mask.left + i) * size.height;
        for (Intervals here = mask.at(i); !here.empty(); here.begin += 2) {
            // One that reaches the last row goes on in the next column's first.
            if (end == begin || base + here.begin[0] != end) {
                flush();
                begin = base + here.begin[0];
            }
            end = base + here.begin[1];
        }
    }
    flush();
    if (done < total) runs.push_back(total - done);
}

void runs_to_columns(const Runs &runs, Size size, Columns &mask) {
    mask.clear();
    int at = 0;
    for (std::size_t i = 0; i < runs.size(); at += runs[i++]) {
        if (i % 2 == 0) continue;
        int begin = at;
        const int end = at + runs[i];
        int column = begin / size.height;
        while (begin < end) {
            if (mask.rows.empty()) mask.left = column;
            while (mask.left + mask.count() < column) mask.close();
            const int base = column * size.height;
            const int stop = std::min(end, base + size.height);
            mask.add(begin - base, stop - base);
            if (stop == base + size.height) mask.close();
            begin = stop;
            column++;
        }
    }
    if (mask.starts.back() != static_cast<int>(mask.rows.size())) mask.close();
}

void add_counts(const Runs &runs, std::string &text) {
    const std::size_t done = text.size();
    text.resize(done + (longest_number + 1) * runs.size());
    char *at = &text[done];
    for (std::size_t i = 0; i < runs.size(); i++) {
        int number = i > 2 ? runs[i] - runs[i - 2] : runs[i];
        for (bool going = true; going;) {
            const int bits = number & payload;
            number >>= 5;
            going = bits & sign ? number != -1 : number != 0;
            *at++ = static_cast<char>((going ? bits | more : bits) + first_character);
        }
    }
    text.resize(at - text.data());
}

bool parse_counts(const char *begin, const char *end, Size size, Runs &runs) {
    runs.clear();
    const std::int64_t total = std::int64_t{size.height} * size.width;
    std::int64_t sum = 0;
    while (begin < end) {
        std::int64_t number = 0;
        int bits = more;
        for (int place = 0; bits & more; place++) {
            if (begin == end || place == longest_number) return false;
            bits = static_cast<unsigned char>(*begin++) - first_character;
            if (bits < 0 || bits > (more | payload)) return false;
            number |= static_cast<std::int64_t>(bits & payload) << (5 * place);
            if (!(bits & more) && bits & sign) number -= std::int64_t{1} << (5 * (place + 1));
        }
        if (runs.size() > 2) number += runs[runs.size() - 2];
        if (number < 0 || number > total || (number == 0 && !runs.empty())) return false;
        sum += number;
        runs.push_back(static_cast<int>(number));
    }
    return sum == total;
}

bool join_runs(const Runs &given, Size size, Runs &runs) {
    runs.clear();
    const std::int64_t pixels = std::int64_t{size.height} * size.width;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < given.size(); i++) {
        sum += given[i];
        if (sum > pixels) return false;
        if (!given[i]) continue;
        if (runs.empty() && i % 2) runs.push_back(0);
        if (!runs.empty() && (runs.size() - 1) % 2 == i % 2)
            runs.back() += given[i];
        else
            runs.push_back(given[i]);
    }
    return sum == pixels;
}
}  // namespace native
