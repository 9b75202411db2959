// Any bytes loaded as an RDB file give an error, or a data set that can be saved and loaded again
// to the same keys.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "persistence/rdb/loader.h"
#include "persistence/rdb/saver.h"
#include "tests/fuzz/keyspace.h"

namespace {

using namespace spinel;
namespace rdb = persistence::rdb;

rdb::LoadResult load(std::string_view file, storage::Keyspace& keyspace) {
  rdb::LoadOptions options;
  options.drop_expired = false;
  options.verify_checksum = false;
  rdb::LoadObserver observer;
  persistence::ByteReader reader(file);
  return rdb::load(reader, keyspace, options, observer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::FuzzKeyspace first;
  load(input, first.keyspace);
  std::string file;
  persistence::StringSink sink(file);
  if (!rdb::save(first.keyspace, sink, {}).ok()) std::abort();
  fuzz::FuzzKeyspace second;
  const rdb::LoadResult again = load(file, second.keyspace);
  if (!again.ok) std::abort();
  for (int i = 0; i < first.keyspace.database_count(); ++i) {
    if (first.keyspace.database(i).size() != second.keyspace.database(i).size()) std::abort();
  }
  return 0;
}
