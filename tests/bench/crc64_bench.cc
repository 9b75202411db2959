// How fast the forms of CRC-64 are: crc64_bench, on an idle machine.
#include <cstdio>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/crc64.h"

namespace {

using spinel::storage::monotonic_ns;

using Form = uint64_t (*)(uint64_t crc, const void* data, size_t size);

double gigabytes_per_second(Form form, const std::string& bytes) {
  constexpr size_t kTotal = size_t{1} << 30;
  uint64_t crc = 0;
  const int64_t start_ns = monotonic_ns();
  for (size_t done = 0; done < kTotal; done += bytes.size()) {
    crc = form(crc, bytes.data(), bytes.size());
  }
  const auto took_ns = static_cast<double>(monotonic_ns() - start_ns);
  if (crc == 1) std::puts("");  // so that the compiler keeps the work
  return static_cast<double>(kTotal) / took_ns;
}

}  // namespace

int main() {
  std::printf("GB/s   size   tables   pclmul\n");
  for (const size_t size : {64, 256, 1024, 16384, 262144}) {
    const std::string bytes(size, 'x');
    const double tables = gigabytes_per_second(spinel::storage::detail::crc64_tables, bytes);
    const double multiplied = gigabytes_per_second(spinel::storage::detail::crc64_pclmul, bytes);
    std::printf("%11zu %8.2f %8.2f\n", size, tables, multiplied);
  }
}
