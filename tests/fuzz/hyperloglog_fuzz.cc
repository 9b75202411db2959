// Whatever bytes a string has: the commands for HyperLogLogs answer, and agree with each other on
// what it holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "storage/types/hyperloglog.h"
#include "tests/fuzz/session.h"

namespace {

using spinel::fuzz::is_error;
using spinel::fuzz::Session;

// The input as it is, or behind a header: of a sparse one, or of a dense one and in its size.
std::string value_of(uint8_t choice, std::string_view input) {
  using spinel::storage::hll::kDenseSize;
  std::string value("HYLL\0\0\0\0\0\0\0\0\0\0\0\x80", 16);
  switch (choice % 4) {
    case 0:
      return std::string(input);
    case 1:
      value.append(input);
      value.resize(kDenseSize);
      return value;
    default:
      value[4] = 1;
      return value.append(input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 3), size - 3);
  const std::string value = value_of(data[0], input);
  const std::string element(1, static_cast<char>(data[1]));
  spinel::server::Config config;
  config.hll_sparse_max_bytes = data[2] < 128 ? 3000 : data[2] % 64U;
  Session session(spinel::fuzz::fresh_server(config));

  session.run({"SET", "key", value});
  session.run({"PFDEBUG", "DECODE", "key"});
  const std::string count = session.run({"PFCOUNT", "key", "none"});
  // Without a count in its header that would be believed.
  session.run({"SET", "one", value});
  if (value.size() > 15) session.run({"SETRANGE", "one", "15", "\x80"});
  SPINEL_ASSERT(session.run({"PFCOUNT", "one"}) == count);
  SPINEL_ASSERT(is_error(session.run({"PFMERGE", "merged", "key"})) == is_error(count));
  if (!is_error(count)) {
    SPINEL_ASSERT(session.run({"PFCOUNT", "merged"}) == count);
    session.run({"COPY", "one", "dense"});
    SPINEL_ASSERT(!is_error(session.run({"PFDEBUG", "TODENSE", "dense"})));
    SPINEL_ASSERT(session.run({"PFCOUNT", "dense", "none"}) == count);
    SPINEL_ASSERT(session.run({"PFDEBUG", "GETREG", "one"}) ==
                  session.run({"PFDEBUG", "GETREG", "merged"}));
  }
  // The same elements into the value itself, its union and its dense form.
  for (int round = 0; round < 2; ++round) {
    for (const std::string& more : {element, element + "a", element + "b", element + element}) {
      const std::string added = session.run({"PFADD", "key", more, more + "x", more + "y"});
      if (is_error(count)) continue;
      SPINEL_ASSERT(session.run({"PFADD", "merged", more, more + "x", more + "y"}) == added);
      SPINEL_ASSERT(session.run({"PFADD", "dense", more, more + "x", more + "y"}) == added);
    }
  }
  if (!is_error(count)) {
    const std::string more = session.run({"PFCOUNT", "dense"});
    SPINEL_ASSERT(session.run({"PFCOUNT", "key", "none"}) == more);
    SPINEL_ASSERT(session.run({"PFCOUNT", "merged"}) == more);
  }
  // What is in one after another was merged into it is what both counted together.
  session.run({"SET", "sum", value});
  session.run({"PFADD", "other", element, element + "a", element + "b", element + "c"});
  const std::string both = session.run({"PFCOUNT", "sum", "other"});
  const std::string merged = session.run({"PFMERGE", "sum", "other"});
  SPINEL_ASSERT(is_error(merged) == is_error(both));
  if (!is_error(both)) SPINEL_ASSERT(session.run({"PFCOUNT", "sum"}) == both);
  session.run({"PFDEBUG", "TODENSE", "key"});
  session.run({"PFMERGE", "key"});
  return 0;
}
