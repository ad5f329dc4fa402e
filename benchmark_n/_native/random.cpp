#include "noises.hpp"

#include <Python.h>
#include "numpy/random/bitgen.h"

extern "C" void random_standard_normal_fill(bitgen_t *, Py_ssize_t, double *);

namespace native {
namespace {
// numpy.random.SeedSequence: mixing in and giving out words of 32 bits [O'Neill, seed_seq_fe].
struct SeedSequence {
    std::uint32_t pool[4];

    explicit SeedSequence(std::uint64_t seed) {
        std::uint32_t constant = 0x43b0d7e5u;
        const auto hashed = [&](std::uint32_t value) {
            value ^= constant;
            constant *= 0x931e8875u;
            value *= constant;
            return value ^ value >> 16;
        };
        const std::uint32_t entropy[4] = {static_cast<std::uint32_t>(seed),
                                          static_cast<std::uint32_t>(seed >> 32), 0, 0};
        for (int i = 0; i < 4; i++) pool[i] = hashed(entropy[i]);
        for (int from = 0; from < 4; from++)
            for (int to = 0; to < 4; to++) {
                if (from == to) continue;
                const std::uint32_t mixed =
                    0xca01f9ddu * pool[to] - 0x4973f715u * hashed(pool[from]);
                pool[to] = mixed ^ mixed >> 16;
            }
    }

    void generate(std::uint64_t words[4]) const {
        std::uint32_t constant = 0x8b51f9ddu, halves[8];
        for (int i = 0; i < 8; i++) {
            std::uint32_t value = pool[i % 4] ^ constant;
            constant *= 0x58f38dedu;
            value *= constant;
            halves[i] = value ^ value >> 16;
        }
        for (int i = 0; i < 4; i++)
            words[i] = halves[2 * i] | static_cast<std::uint64_t>(halves[2 * i + 1]) << 32;
    }
};

// PCG64 (XSL RR 128/64), which default_rng is made of.
struct Pcg64 {
    __extension__ using Wide = unsigned __int128;
    Wide state = 0, increment;

    explicit Pcg64(std::uint64_t seed) {
        std::uint64_t words[4];
        SeedSequence(seed).generate(words);
        increment = ((static_cast<Wide>(words[2]) << 64 | words[3]) << 1) | 1;
        next(this);
        state += static_cast<Wide>(words[0]) << 64 | words[1];
        next(this);
    }

    static std::uint64_t next(void *generator) {
        constexpr Wide multiplier =
            static_cast<Wide>(0x2360ED051FC65DA4ull) << 64 | 0x4385DF649FCCF645ull;
        auto &[state, increment] = *static_cast<Pcg64 *>(generator);
        state = state * multiplier + increment;
        const auto high = static_cast<std::uint64_t>(state >> 64);
        const std::uint64_t folded = high ^ static_cast<std::uint64_t>(state);
        const int turn = static_cast<int>(high >> 58);
        return folded >> turn | folded << (-turn & 63);
    }
    static std::uint32_t next_half(void *generator) {
        return static_cast<std::uint32_t>(next(generator) >> 32);
    }
    static double next_uniform(void *generator) {
        return static_cast<double>(next(generator) >> 11) * (1.0 / 9007199254740992.0);
    }
};
}  // namespace

void draw_normals(std::uint64_t seed, std::vector<double> &numbers) {
    Pcg64 generator(seed);
    bitgen_t source{&generator, Pcg64::next, Pcg64::next_half, Pcg64::next_uniform, Pcg64::next};
    random_standard_normal_fill(&source, static_cast<Py_ssize_t>(numbers.size()), numbers.data());
}
}  // namespace native
