#include "segmentation.hpp"

#include <algorithm>
#include <charconv>

namespace native {
namespace {
// pycocotools walks an outline in steps of a fifth of a pixel: beyond this many px it is measured.
constexpr double longest_outline = 1 << 24;
constexpr int fewest_numbers = 6;

class Reader {
  public:
    Reader(const char *begin, const char *end) : at_(begin), end_(end) {}

    // The next character that is no blank; 0 at the end.
    char peek() {
        while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) at_++;
        return at_ < end_ ? *at_ : 0;
    }
    bool take(char expected) {
        if (peek() != expected) return false;
        at_++;
        return true;
    }
    bool done() { return !peek(); }

    bool number(double &value) {
        peek();
        const char *begin = at_;
        if (at_ < end_ && *at_ == '-') at_++;
        const bool zero = at_ < end_ && *at_ == '0';
        const int whole = digits();
        if (!whole || (zero && whole > 1)) return false;
        if (at_ < end_ && *at_ == '.') {
            at_++;
            if (!digits()) return false;
        }
        if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
            at_++;
            if (at_ < end_ && (*at_ == '-' || *at_ == '+')) at_++;
            if (!digits()) return false;
        }
        return std::from_chars(begin, at_, value).ec == std::errc();
    }

    // A whole number from 0 to 2^30, in digits alone.
    bool whole(int &value) {
        peek();
        const char *first = at_;
        const int count = digits();
        if (!count || (count > 1 && *first == '0')) return false;
        const char next = at_ < end_ ? *at_ : 0;
        if (next == '.' || next == 'e' || next == 'E') return false;
        return std::from_chars(first, at_, value).ec == std::errc() && value <= 1 << 30;
    }

    // A text whose only escape is that of the backslash.
    bool text(std::string &value) {
        value.clear();
        if (!take('"')) return false;
        for (;; at_++) {
            const auto *stop = at_;
            while (stop < end_ && *stop != '"' && *stop != '\\') stop++;
            value.append(at_, stop);
            at_ = stop;
            if (at_ == end_) return false;
            if (*at_ == '"') break;
            if (++at_ == end_ || *at_ != '\\') return false;
            value.push_back('\\');
        }
        at_++;
        return true;
    }

  private:
    int digits() {
        const char *first = at_;
        while (at_ < end_ && *at_ >= '0' && *at_ <= '9') at_++;
        return static_cast<int>(at_ - first);
    }

    const char *at_, *end_;
};

// One polygon, which lies in the image; coordinates as x, y, x, y, …
bool read_polygon(Reader &reader, Size size, Rings &rings) {
    if (!reader.take('[')) return false;
    int numbers = 0;
    double low = size.width + size.height, high = 0;
    do {
        double value;
        const bool across = numbers % 2 == 0;
        if (!reader.number(value)) return false;
        if (!(value >= 0 && value <= (across ? size.width : size.height))) return false;
        low = std::min(low, value);
        high = std::max(high, value);
        if (across)
            rings.points.push_back({value, 0});
        else
            rings.points.back().y = value;
        numbers++;
    } while (reader.take(','));
    rings.close_ring();
    rings.close_part();
    return reader.take(']') && numbers % 2 == 0 && numbers >= fewest_numbers &&
           (high - low) * numbers <= longest_outline;
}

bool read_polygons(Reader &reader, Size size, Rings &rings) {
    rings.clear();
    if (!reader.take('[')) return false;
    do {
        if (!read_polygon(reader, size, rings)) return false;
    } while (reader.take(','));
    return reader.take(']') && reader.done();
}

bool read_runs(Reader &reader, Runs &runs) {
    runs.clear();
    if (!reader.take('[')) return false;
    do {
        int run;
        if (!reader.whole(run)) return false;
        runs.push_back(run);
    } while (reader.take(','));
    return reader.take(']');
}

bool read_counts(Reader &reader, Size size, Segmentation &found) {
    if (reader.peek() == '"') {
        if (!reader.text(found.counts)) return false;
        const char *text = found.counts.data();
        return parse_counts(text, text + found.counts.size(), size, found.runs);
    }
    Runs given;
    if (!read_runs(reader, given) || !join_runs(given, size, found.runs)) return false;
    found.counts.clear();
    add_counts(found.runs, found.counts);
    return true;
}

bool read_rle(Reader &reader, Size size, Segmentation &found) {
    bool sized = false, counted = false;
    if (!reader.take('{')) return false;
    std::string name;
    do {
        if (!reader.text(name) || !reader.take(':')) return false;
        if (name == "size" && !sized) {
            Runs stated;
            sized = read_runs(reader, stated) && stated == Runs{size.height, size.width};
            if (!sized) return false;
        } else if (name == "counts" && !counted) {
            counted = read_counts(reader, size, found);
            if (!counted) return false;
        } else {
            return false;
        }
    } while (reader.take(','));
    return reader.take('}') && reader.done() && sized && counted;
}
}  // namespace

bool read_segmentation(const char *begin, const char *end, Size size, Segmentation &found) {
    Reader reader(begin, end);
    found.polygons = reader.peek() == '[';
    return found.polygons ? read_polygons(reader, size, found.rings)
                          : read_rle(reader, size, found);
}
}  // namespace native
