// How fast bits are counted and combined on each path that this CPU has, beside what memcpy reaches
// on the same bytes in the same run: prints gigabytes of source per second, and memcpy's time as a
// share of ours.
//   bit_kernels_bench [bytes of a source [sources [alignment]]]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "storage/base/random.h"
#include "storage/containers/bit_kernels.h"

namespace {

namespace bits = spinel::storage::bits;
using Clock = std::chrono::steady_clock;

// Nanoseconds of the fastest of many runs: the others were disturbed.
double fastest_ns(const std::function<void()>& run) {
  constexpr auto kBudget = std::chrono::milliseconds(200);
  constexpr int kMinRuns = 5;
  double fastest = 1e18;
  const Clock::time_point begin = Clock::now();
  for (int runs = 0; runs < kMinRuns || Clock::now() - begin < kBudget; ++runs) {
    const Clock::time_point start = Clock::now();
    run();
    const std::chrono::duration<double, std::nano> took = Clock::now() - start;
    fastest = std::min(fastest, took.count());
  }
  return fastest;
}

struct Line {
  double source_bytes;
  double memcpy_ns;

  void print(const char* path, const char* what, double ns) const {
    std::printf("%-9s %-7s %7.1f GB/s  %5.2f of memcpy's speed\n", path, what, source_bytes / ns,
                memcpy_ns / ns);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const size_t size = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'250'000;
  const size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 7;
  const size_t alignment = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 16;
  if (size == 0 || count < 2) return 2;

  spinel::storage::Random random(1);
  std::vector<std::vector<unsigned char>> blocks(count + 1);
  std::vector<std::string_view> sources;
  std::vector<unsigned char*> starts;
  for (std::vector<unsigned char>& block : blocks) {
    block.resize(size + 64 + alignment);
    for (unsigned char& byte : block) byte = static_cast<unsigned char>(random.next());
    const auto address = reinterpret_cast<uintptr_t>(block.data());
    starts.push_back(block.data() + (64 - address % 64) % 64 + alignment);
  }
  for (size_t i = 0; i < count; ++i) {
    sources.emplace_back(reinterpret_cast<const char*>(starts[i]), size);
  }
  unsigned char* const to = starts.back();
  std::vector<unsigned char> copies(size * count);

  // Counting reads one source; combining reads all of them.
  const double copy_one_ns = fastest_ns([&] { std::memcpy(to, sources[0].data(), size); });
  const double copy_all_ns = fastest_ns([&] {
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(copies.data() + i * size, sources[i].data(), size);
    }
  });
  const Line one{static_cast<double>(size), copy_one_ns};
  const Line all{static_cast<double>(size * count), copy_all_ns};
  std::printf("%zu sources of %zu bytes, %zu beyond a cache line\n", count, size, alignment);
  one.print("memcpy", "one", copy_one_ns);
  all.print("memcpy", "all", copy_all_ns);

  const char* const paths[] = {"portable", "avx2", "avx512"};
  const char* const operations[] = {"and", "or", "xor", "not", "diff", "diff1", "andor", "one"};
  uint64_t sum = 0;
  for (size_t path = 0; path <= static_cast<size_t>(bits::best_path()); ++path) {
    bits::use_path(static_cast<bits::Path>(path));
    one.print(paths[path], "count", fastest_ns([&] { sum += bits::count(starts[0], size); }));
    // About what reading all sources takes alone, where counting is faster than the memory.
    all.print(paths[path], "counts", fastest_ns([&] {
                for (const unsigned char* start : std::span(starts).first(count)) {
                  sum += bits::count(start, size);
                }
              }));
    std::memset(to, 0, size);
    one.print(paths[path], "find", fastest_ns([&] { sum += bits::find_other(to, size, 0); }));
    for (size_t operation = 0; operation < bits::kOperationCount; ++operation) {
      const bool unary = operation == static_cast<size_t>(bits::Operation::kNot);
      const auto used = std::span(sources).first(unary ? 1 : count);
      (unary ? one : all).print(paths[path], operations[operation], fastest_ns([&] {
                                  bits::combine(static_cast<bits::Operation>(operation), used, to,
                                                size);
                                }));
    }
  }
  return sum == 0 ? 1 : 0;  // so that nothing is optimised away
}
