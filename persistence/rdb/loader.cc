#include "persistence/rdb/loader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>

#include "persistence/rdb/key_delay.h"
#include "storage/containers/prefetch.h"

namespace spinel::persistence::rdb {

namespace {

using storage::Database;
using storage::Item;
using storage::Key;
using storage::Keyspace;

// Keys that were read and are not stored yet. Storing many at once lets the places where they go in
// the table be fetched together.
class Batch {
 public:
  Batch(const LoadOptions& options, LoadResult& result) : options_(options), result_(result) {
    bytes_ = std::make_unique<char[]>(kBytes);
  }

  // Whether the key, with the text of its value, has to be stored by itself.
  static bool is_large(std::string_view key, const Value& value) {
    return key.size() + value.text().size() > kBytes;
  }
  bool has_room(std::string_view key, const Value& value) const {
    return count_ < kKeys && used_ + key.size() + value.text().size() <= kBytes;
  }
  void add(const KeyRecord& record, Value value, uint32_t access) {
    const Key key(copy(record.key));
    if (value.is_text()) value.move_text(copy(value.text()));
    pending_[count_++] = {key, std::move(value), record.expire_at_ms, access, record.offset};
  }
  // Stores all. False after an error, which `reader` has then.
  bool flush(ByteReader& reader, Database& database) {
    const auto visit = [&database](const Pending& pending, auto&& round)
        __attribute__((always_inline)) {
      round(database, pending.key.hash);
    };
    storage::prefetch_lookups(std::span<const Pending>(pending_).first(count_), visit);
    bool ok = true;
    for (size_t i = 0; i < count_; ++i) {
      Pending& key = pending_[i];
      ok = ok &&
           store(reader, database, key.key, key.value, key.expire_at_ms, key.access, key.offset);
      key.value = Value();
    }
    count_ = used_ = 0;
    return ok;
  }
  bool store(ByteReader& reader, Database& database, const Key& key, Value& value,
             int64_t expire_at_ms, uint32_t access, uint64_t offset) {
    Item item = database.find(key);
    if (item && !options_.replace_existing) {
      return fail_as_duplicate(reader, static_cast<uint64_t>(database.index), key.bytes, offset);
    }
    value.store(database, key, item, expire_at_ms, access);
    ++result_.keys_loaded;
    return true;
  }

 private:
  static constexpr size_t kKeys = 32;
  static constexpr size_t kBytes = size_t{1} << 14;

  struct Pending {
    Key key{{}, 0};
    Value value;
    int64_t expire_at_ms;
    uint32_t access;
    uint64_t offset;
  };

  std::string_view copy(std::string_view text) {
    char* to = bytes_.get() + used_;
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    used_ += text.size();
    return {to, text.size()};
  }

  const LoadOptions& options_;
  LoadResult& result_;
  std::unique_ptr<char[]> bytes_;
  size_t used_ = 0;
  size_t count_ = 0;
  std::array<Pending, kKeys> pending_;
};

class Loader final : public FileHandler {
 public:
  Loader(Keyspace& keyspace, const LoadOptions& options, LoadObserver& observer, ByteReader& reader,
         LoadResult& result)
      : keyspace_(keyspace),
        options_(options),
        observer_(observer),
        reader_(reader),
        result_(result),
        batch_(options, result) {}

  void on_aux(std::string_view name, std::string_view value) override {
    observer_.on_aux(name, value);
  }
  bool on_database(ByteReader& reader, uint64_t index) override {
    if (!batch_.flush(reader, database())) return false;
    if (index >= static_cast<uint64_t>(keyspace_.database_count())) {
      return reader.refuse("database " + std::to_string(index) +
                           " does not exist here: " + std::to_string(keyspace_.database_count()) +
                           " are configured (databases)");
    }
    database_ = static_cast<int>(index);
    return true;
  }
  void on_sizes(uint64_t keys, uint64_t) override {
    constexpr size_t kMinKeyBytes = 4;
    const size_t plausible = reader_.plausible_count(keys, kMinKeyBytes);
    // A table that lost all its keys may be shrinking still.
    const bool can_reserve = database().size() == 0 && !database().resizing();
    if (can_reserve && plausible > 0) database().reserve(plausible);
  }
  bool on_function(ByteReader& reader, std::string_view source) override {
    const char* cause = observer_.on_function(source);
    return cause == nullptr || reader.refuse(describe_library(source) + ": " + cause);
  }
  void on_module_aux(std::string_view module) override { observer_.on_module_skipped(module, {}); }
  bool on_key(ByteReader& reader, const KeyRecord& record, ValueReader& values) override {
    if (!add_key(reader, record, values)) return false;
    return options_.key_delay_us == 0 || rest(reader);
  }
  bool on_end(ByteReader& reader) override { return batch_.flush(reader, database()); }

 private:
  Database& database() { return keyspace_.database(database_); }
  uint32_t access_of(const KeyRecord& record) const;
  bool add_key(ByteReader& reader, const KeyRecord& record, ValueReader& values);
  bool rest(ByteReader& reader);

  Keyspace& keyspace_;
  const LoadOptions& options_;
  LoadObserver& observer_;
  ByteReader& reader_;
  LoadResult& result_;
  int database_ = 0;
  Batch batch_;
};

uint32_t Loader::access_of(const KeyRecord& record) const {
  const storage::AccessClock& clock = keyspace_.access;
  if (clock.lfu && record.frequency) return clock.with_frequency(*record.frequency);
  if (!clock.lfu && record.idle_seconds) {
    return clock.with_idle_seconds(static_cast<int64_t>(*record.idle_seconds));
  }
  return clock.initial();
}

bool Loader::rest(ByteReader& reader) {
  sleep_after_key(options_.key_delay_us, result_.keys_loaded);
  return observer_.on_progress(reader.position()) || reader.stop();
}

bool Loader::add_key(ByteReader& reader, const KeyRecord& record, ValueReader& values) {
  Value value;
  if (!read_value(reader, record, values, value)) return false;
  if (value.is_nothing()) {
    if (values.skipped_module().empty()) {
      ++result_.empty_keys;
      return true;
    }
    if (!options_.skip_module_keys) {
      return reader.refuse_at(record.offset, describe_module_key(record, values.skipped_module()));
    }
    ++result_.module_keys_skipped;
    observer_.on_module_skipped(values.skipped_module(), record.key);
    return true;
  }
  if (options_.drop_expired && record.expire_at_ms != storage::kNoExpiry &&
      record.expire_at_ms < keyspace_.now_ms()) {
    ++result_.keys_expired;
    return true;
  }
  if (!batch_.has_room(record.key, value) && !batch_.flush(reader, database())) return false;
  if (!Batch::is_large(record.key, value)) {
    batch_.add(record, std::move(value), access_of(record));
    return true;
  }
  return batch_.store(reader, database(), Key(record.key), value, record.expire_at_ms,
                      access_of(record), record.offset);
}

}  // namespace

LoadResult load(ByteReader& reader, Keyspace& keyspace, const LoadOptions& options,
                LoadObserver& observer) {
  LoadResult result;
  reader.set_progress([&observer](uint64_t position) { return observer.on_progress(position); },
                      options.progress_every_bytes);
  Loader loader(keyspace, options, observer, reader, result);
  result.ok = read_file(reader, options.limits, options.verify_checksum, loader, result.file);
  result.stopped = reader.stopped();
  result.error = reader.error();
  reader.set_progress(nullptr, 0);
  return result;
}

}  // namespace spinel::persistence::rdb
