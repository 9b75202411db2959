// Any bytes given to RESTORE, behind a footer that fits them, give an error, or a value that DUMP
// and RESTORE give again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "persistence/rdb/dump.h"
#include "storage/base/crc64.h"
#include "tests/fuzz/keyspace.h"

namespace {

using namespace spinel;
using persistence::rdb::DumpReader;

std::string with_footer(std::string_view payload, uint16_t version) {
  std::string whole(payload);
  whole.append(reinterpret_cast<const char*>(&version), sizeof version);
  const uint64_t crc = storage::crc64(0, whole.data(), whole.size());
  whole.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  return whole;
}

// The value that `payload` gives, as DUMP has it; empty after an error.
std::string restore_and_dump(std::string_view payload) {
  const persistence::rdb::ValueLimits limits;
  DumpReader reader(payload, limits);
  if (reader.read() != DumpReader::Status::kOk) return {};
  fuzz::FuzzKeyspace data;
  const storage::Key key("key");
  storage::Item item;
  reader.value().store(data.keyspace.database(0), key, item, storage::kNoExpiry, 0);
  std::string dumped;
  persistence::rdb::dump_value(*item, true, dumped);
  return dumped;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr uint16_t kOfRedis = 11;
  constexpr uint16_t kOfValkey = 80;
  restore_and_dump(input);
  for (const uint16_t version : {kOfRedis, kOfValkey}) {
    const std::string dumped = restore_and_dump(with_footer(input, version));
    if (!dumped.empty() && restore_and_dump(dumped).empty()) std::abort();
  }
  return 0;
}
