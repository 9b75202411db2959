// Saves and loads RDB files, and tells how long that takes: for tests/bench/rdb.py.
//
//   rdb_bench make strings|repeated|zset|hash|list COUNT FILE   makes a data set and saves it
//   rdb_bench load FILE [FILE2]                                 loads it, and saves it again
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "persistence/rdb/save_file.h"
#include "storage/base/clock.h"
#include "storage/keyspace/keyspace.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/sorted_set.h"

namespace {

using namespace spinel;
using storage::Item;
using storage::Key;

// The same each time, and not compressible.
std::string noise(uint64_t seed, size_t size) {
  std::string text;
  for (uint64_t state = seed * 0x9e3779b97f4a7c15u; text.size() < size;) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text.push_back(static_cast<char>('0' + (state >> 58)));
  }
  return text;
}

template <typename Collection>
void put(storage::Keyspace& keyspace, std::string_view name, const Collection& collection) {
  const Key key(name);
  Item item;
  keyspace.database(0).set_object(key, item, collection.encoding(), collection.object(),
                                  storage::kNoExpiry, keyspace.access.initial());
}

bool make(storage::Keyspace& keyspace, std::string_view kind, uint64_t count) {
  constexpr size_t kValueBytes = 64;
  const persistence::rdb::ValueLimits limits;
  if (kind == "strings" || kind == "repeated") {
    for (uint64_t i = 0; i < count; ++i) {
      const std::string name = "key:" + std::to_string(100'000'000'000 + i);
      const Key key(name);
      Item item = keyspace.database(0).find(key);
      const std::string value =
          kind == "strings" ? noise(i, kValueBytes) : std::string(kValueBytes, 'x');
      keyspace.database(0).set_string(key, item, value, storage::kNoExpiry,
                                      keyspace.access.initial());
    }
    return true;
  }
  if (kind == "zset") {
    storage::SortedSet set = storage::SortedSet::create();
    for (uint64_t i = 0; i < count; ++i) {
      const std::string member = "member:" + std::to_string(10'000'000 + i);
      const auto score = static_cast<double>(i * 2654435761 % count) / 8;
      set.insert(set.find(member), member, score, limits.sorted_set);
    }
    put(keyspace, kind, set);
    return true;
  }
  if (kind == "hash") {
    storage::Hash hash = storage::Hash::create();
    for (uint64_t i = 0; i < count; ++i) {
      const std::string field = "field:" + std::to_string(10'000'000 + i);
      hash.set(storage::HashField(field), noise(i, 16), storage::kNoExpiry, limits.hash);
    }
    put(keyspace, kind, hash);
    return true;
  }
  if (kind == "list") {
    storage::List list = storage::List::create();
    for (uint64_t i = 0; i < count; ++i) {
      list.push(storage::ListEnd::kBack, noise(i, 24), limits.list);
    }
    put(keyspace, kind, list);
    return true;
  }
  return false;
}

// Seconds of processor time: on a busy machine they tell more than the clock.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Timer {
 public:
  double seconds() const { return static_cast<double>(storage::monotonic_ns() - start_ns_) / 1e9; }
  double cpu() const { return cpu_seconds() - start_cpu_; }

 private:
  int64_t start_ns_ = storage::monotonic_ns();
  double start_cpu_ = cpu_seconds();
};

int save(storage::Keyspace& keyspace, const std::string& path) {
  const Timer timer;
  const persistence::rdb::SaveFileResult result =
      persistence::rdb::save_file(keyspace, path, path + ".tmp", {}, true);
  if (!result.error.ok()) {
    std::fprintf(stderr, "%s\n", result.error.text().c_str());
    return 1;
  }
  std::printf("save %.3f s, cpu %.3f s, %llu bytes\n", timer.seconds(), timer.cpu(),
              static_cast<unsigned long long>(result.saved.bytes));
  return 0;
}

int load(storage::Keyspace& keyspace, const std::string& path) {
  const Timer timer;
  persistence::rdb::LoadObserver observer;
  const persistence::rdb::LoadResult result =
      persistence::rdb::load_file(path, keyspace, {}, observer);
  if (!result.ok) {
    std::fprintf(stderr, "at %llu: %s\n", static_cast<unsigned long long>(result.error.offset),
                 result.error.cause.c_str());
    return 1;
  }
  std::printf("load %.3f s, cpu %.3f s, %llu keys\n", timer.seconds(), timer.cpu(),
              static_cast<unsigned long long>(result.keys_loaded));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kDatabases = 16;
  storage::SilentObserver observer;
  storage::Keyspace keyspace(kDatabases, observer);
  if (argc == 5 && std::strcmp(argv[1], "make") == 0 &&
      make(keyspace, argv[2], std::strtoull(argv[3], nullptr, 10))) {
    return save(keyspace, argv[4]);
  }
  if ((argc == 3 || argc == 4) && std::strcmp(argv[1], "load") == 0) {
    if (load(keyspace, argv[2]) != 0) return 1;
    return argc == 4 ? save(keyspace, argv[3]) : 0;
  }
  std::fprintf(stderr, "usage: rdb_bench make KIND COUNT FILE | load FILE [FILE2]\n");
  return 2;
}
