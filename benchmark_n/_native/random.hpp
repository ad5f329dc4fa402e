// The normal numbers of numpy.random.default_rng(seed), for seeds of up to 64 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace native {

class Generator {
  public:
    explicit Generator(std::uint64_t seed);
    void normals(double *out, std::ptrdiff_t count);

  private:
    __extension__ using Wide = unsigned __int128;
    static std::uint64_t next(void *state);
    static std::uint32_t next_half(void *state);
    static double next_uniform(void *state);

    Wide state_, increment_;
};

}  // namespace native
