#include "storage/keyspace/database.h"

#include <cstring>
#include <limits>

#include "storage/base/assert.h"
#include "storage/base/numbers.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/keyspace/entry_string.h"
#include "storage/keyspace/lazy_free.h"
#include "storage/keyspace/object.h"

namespace spinel::storage {

namespace {

// Bytes that a length field takes: one where that is enough.
constexpr size_t length_field(size_t length) {
  return length <= 0xff ? 1 : sizeof(uint32_t);
}

unsigned char* write_length(unsigned char* at, size_t length) {
  if (length <= 0xff) {
    *at = static_cast<unsigned char>(length);
    return at + 1;
  }
  SPINEL_ASSERT(length <= UINT32_MAX);
  store_unaligned<uint32_t>(at, static_cast<uint32_t>(length));
  return at + sizeof(uint32_t);
}

void write_integer(unsigned char* at, int64_t value, bool small) {
  if (small) {
    store_unaligned<int32_t>(at, static_cast<int32_t>(value));
  } else {
    store_unaligned<int64_t>(at, value);
  }
}

}  // namespace

struct Database::Layout {
  Encoding encoding;
  int64_t expire_at_ms;
  size_t payload_size;  // without the length field of an embedded string

  bool has_expiry() const { return expire_at_ms != kNoExpiry; }
  size_t key_offset(size_t key_size) const {
    return Entry::kHeader + (has_expiry() ? sizeof(int64_t) : 0) + length_field(key_size);
  }
  size_t size(size_t key_size) const {
    const size_t value_field = encoding == Encoding::kEmbedded ? length_field(payload_size) : 0;
    return key_offset(key_size) + key_size + value_field + payload_size;
  }
  unsigned char flags(size_t key_size) const {
    unsigned bits = static_cast<unsigned>(encoding);
    if (has_expiry()) bits |= Entry::kHasExpiry;
    if (key_size > 0xff) bits |= Entry::kLongKey;
    if (encoding == Encoding::kEmbedded && payload_size > 0xff) bits |= Entry::kLongValue;
    return static_cast<unsigned char>(bits);
  }
};

Database::Contents::~Contents() {
  free_all();
}

void Database::Contents::free_all() {
  table.for_each([this](uint64_t slot) {
    Entry* entry = EntryTraits::entry(slot);
    if (entry->has_object()) free_object(entry->encoding(), entry->object(), nullptr);
    const size_t size = entry->size_bytes();
    if (size > SlabAllocator::kMaxBlock) slab.deallocate(entry, size);
  });
  table.clear();
}

Database::Database(int index_in) : index(index_in), contents_(std::make_unique<Contents>()) {}

Database::~Database() = default;

Entry* Database::allocate(size_t size) {
  auto* entry = static_cast<Entry*>(contents_->slab.allocate(size));
  SPINEL_ASSERT((reinterpret_cast<uintptr_t>(entry) & ~(EntryTraits::kVolatile - 1)) == 0);
  return entry;
}

void Database::deallocate(Entry* entry) {
  contents_->slab.deallocate(entry, entry->size_bytes());
}

void Database::mark_volatile_fields(const Item& item) {
  const bool expected = has_volatile_fields(item->encoding(), item->object());
  if (item.has_volatile_fields() == expected) return;
  *item.slot_ ^= EntryTraits::kVolatileFields;
  contents_->volatile_fields_count += expected ? 1 : size_t{0} - 1;
}

void Database::update_average_ttl(std::optional<double> sample_ms) {
  constexpr double kWeightOfSample = 0.02;
  double& average = contents_->average_ttl_ms;
  if (!sample_ms || average == 0) {
    average = sample_ms.value_or(0);
  } else {
    average += (*sample_ms - average) * kWeightOfSample;
  }
}

void Database::forget_marks(const Item& item) {
  if (EntryTraits::is_volatile(*item.slot_)) --contents_->volatile_count;
  if (EntryTraits::has_volatile_fields(*item.slot_)) --contents_->volatile_fields_count;
}

unsigned char* Database::reshape(const Key& key, Item& item, const Layout& layout,
                                 uint32_t access) {
  const size_t size = layout.size(key.bytes.size());
  const size_t key_offset = layout.key_offset(key.bytes.size());
  Entry* entry;
  if (!item) {
    entry = allocate(size);
    entry->set_access(access);
    std::memcpy(entry->bytes_ + key_offset, key.bytes.data(), key.bytes.size());
    item.slot_ = contents_->table.insert(key.hash, reinterpret_cast<uint64_t>(entry));
  } else {
    Entry* old = &*item;
    const size_t old_size = old->size_bytes();
    forget_marks(item);
    if (SlabAllocator::block_size(old_size) == SlabAllocator::block_size(size)) {
      entry = old;
      const std::string_view old_key = old->key();
      std::memmove(entry->bytes_ + key_offset, old_key.data(), old_key.size());
    } else {
      entry = allocate(size);
      entry->set_access(old->access());
      std::memcpy(entry->bytes_ + key_offset, key.bytes.data(), key.bytes.size());
      contents_->slab.deallocate(old, old_size);
    }
  }
  entry->bytes_[0] = layout.flags(key.bytes.size());
  unsigned char* at = entry->bytes_ + Entry::kHeader;
  uint64_t slot = reinterpret_cast<uint64_t>(entry);
  if (layout.has_expiry()) {
    store_unaligned<int64_t>(at, layout.expire_at_ms);
    at += sizeof(int64_t);
    slot |= EntryTraits::kVolatile;
    ++contents_->volatile_count;
  }
  *item.slot_ = slot;
  at = write_length(at, key.bytes.size()) + key.bytes.size();
  if (layout.encoding == Encoding::kEmbedded) at = write_length(at, layout.payload_size);
  return at;
}

Database::Replaced Database::object_of(const Item& item) {
  if (!item || !item->has_object()) return {Encoding::kInt32, nullptr};
  return {item->encoding(), item->object()};
}

void Database::free_replaced(const Replaced& replaced) {
  if (replaced.object != nullptr) {
    free_object(replaced.encoding, replaced.object, replaced_values_);
  }
}

void Database::set_string(const Key& key, Item& item, std::string_view value, int64_t expire_at_ms,
                          uint32_t access) {
  if (const std::optional<int64_t> integer = parse_int64(value)) {
    store_integer(key, item, *integer, expire_at_ms, access);
  } else {
    set_bytes(key, item, value, expire_at_ms, access);
  }
}

void Database::set_bytes(const Key& key, Item& item, std::string_view value, int64_t expire_at_ms,
                         uint32_t access) {
  if (item && item->encoding() == Encoding::kEmbedded && item->embedded().size() == value.size() &&
      item->expire_at_ms() == expire_at_ms) {  // values of one key tend to be of one size
    if (!value.empty()) std::memcpy(item->embedded_data(), value.data(), value.size());
    return;
  }
  const Replaced replaced = object_of(item);
  if (value.size() <= Entry::kMaxEmbedded) {
    unsigned char* to =
        reshape(key, item, {Encoding::kEmbedded, expire_at_ms, value.size()}, access);
    if (!value.empty()) std::memcpy(to, value.data(), value.size());
  } else {
    RawString* raw = RawString::create(value.size(), value.size());
    std::memcpy(raw->bytes(), value.data(), value.size());
    store_unaligned<void*>(
        reshape(key, item, {Encoding::kRaw, expire_at_ms, sizeof(void*)}, access), raw);
  }
  free_replaced(replaced);
}

void Database::set_integer(const Key& key, Item& item, int64_t value, uint32_t access) {
  store_integer(key, item, value, item ? item->expire_at_ms() : kNoExpiry, access);
}

void Database::store_integer(const Key& key, Item& item, int64_t value, int64_t expire_at_ms,
                             uint32_t access) {
  const bool small = static_cast<int32_t>(value) == value;
  const Encoding encoding = small ? Encoding::kInt32 : Encoding::kInt64;
  if (item && item->encoding() == encoding && item->expire_at_ms() == expire_at_ms) {
    write_integer(item->payload(), value, small);  // what a counter does nearly always
    return;
  }
  const Replaced replaced = object_of(item);
  const size_t size = small ? sizeof(int32_t) : sizeof(int64_t);
  write_integer(reshape(key, item, {encoding, expire_at_ms, size}, access), value, small);
  free_replaced(replaced);
}

RawString* Database::writable_string(const Item& item) {
  SPINEL_ASSERT(item->encoding() == Encoding::kRaw);
  auto* raw = static_cast<RawString*>(item->object());
  if (!raw->is_shared()) [[likely]]
    return raw;
  RawString* copy = RawString::copy(*raw);
  RawString::destroy(raw);
  item->store_object(copy);
  return copy;
}

char* Database::resize_string(const Key& key, Item& item, size_t size, uint32_t access) {
  if (item && item->encoding() == Encoding::kRaw) {
    RawString* raw = RawString::resize(writable_string(item), size);
    item->store_object(raw);
    return raw->bytes();
  }
  RawString* raw = nullptr;
  if (item && item->encoding() == Encoding::kCompressedBitmap) {
    const auto& bitmap = *static_cast<const CompressedBitmap*>(item->object());
    raw = RawString::create(bitmap.size_bytes(), std::max(size, bitmap.size_bytes()));
    bitmap.read(0, {reinterpret_cast<unsigned char*>(raw->bytes()), raw->size});
  } else if (item) {
    StringScratch scratch;
    const std::string_view old = string_bytes(*item, scratch);
    raw = RawString::create(old.size(), std::max(size, old.size()));
    if (!old.empty()) std::memcpy(raw->bytes(), old.data(), old.size());
  } else {
    raw = RawString::create(0, size);
  }
  raw = RawString::resize(raw, size);
  const int64_t expire_at_ms = item ? item->expire_at_ms() : kNoExpiry;
  set_object(key, item, Encoding::kRaw, raw, expire_at_ms, access);
  return raw->bytes();
}

void Database::set_object(const Key& key, Item& item, Encoding encoding, void* object,
                          int64_t expire_at_ms, uint32_t access) {
  const Replaced replaced = object_of(item);
  store_unaligned<void*>(reshape(key, item, {encoding, expire_at_ms, sizeof object}, access),
                         object);
  mark_volatile_fields(item);
  if (replaced.object != object) free_replaced(replaced);
}

void Database::set_expiry(Item& item, int64_t expire_at_ms) {
  SPINEL_ASSERT(item);
  Entry& entry = *item;
  if (entry.has_expiry() && expire_at_ms != kNoExpiry) {
    store_unaligned<int64_t>(entry.bytes_ + Entry::kHeader, expire_at_ms);
    return;
  }
  if (!entry.has_expiry() && expire_at_ms == kNoExpiry) return;
  // The payload is saved before the entry changes its shape; what is large is behind a pointer
  // anyway.
  unsigned char payload[Entry::kMaxEmbedded];
  const Encoding encoding = entry.encoding();
  const size_t size = encoding == Encoding::kEmbedded ? entry.embedded().size()
                      : encoding == Encoding::kInt32  ? sizeof(int32_t)
                                                      : sizeof(int64_t);
  const void* from = encoding == Encoding::kEmbedded
                         ? static_cast<const void*>(entry.embedded().data())
                         : entry.payload();
  std::memcpy(payload, from, size);
  const std::string_view key = entry.key();
  std::memcpy(reshape(Key(key, 0), item, {encoding, expire_at_ms, size}, 0), payload, size);
  if (item->has_object()) mark_volatile_fields(item);
}

void Database::add_inline(const Key& key, Item& item, const Entry& from, int64_t expire_at_ms) {
  if (from.is_integer()) {
    store_integer(key, item, from.integer(), expire_at_ms, from.access());
  } else {
    set_bytes(key, item, from.embedded(), expire_at_ms, from.access());
  }
}

Item Database::copy(const ConstItem& from, const Key& key, int64_t expire_at_ms) {
  SPINEL_ASSERT(!find(key));
  Item item;
  if (from->has_object()) {
    // `from` may be in this database: its entry stays where it is, its slot does not.
    const Entry& source = *from;
    void* duplicate = duplicate_object(source.encoding(), source.object());
    set_object(key, item, source.encoding(), duplicate, expire_at_ms, source.access());
  } else {
    // The entry stays where it is while the table of this database grows.
    add_inline(key, item, *from, expire_at_ms);
  }
  return item;
}

void Database::move(Item item, const Key& item_key, Database& to, const Key& key) {
  SPINEL_ASSERT(!to.find(key));
  Entry* entry = &*item;
  forget_marks(item);
  contents_->table.erase(item.slot_, item_key.hash);
  Item moved;
  if (entry->has_object()) {
    to.set_object(key, moved, entry->encoding(), entry->object(), entry->expire_at_ms(),
                  entry->access());
  } else {
    to.add_inline(key, moved, *entry, entry->expire_at_ms());
  }
  deallocate(entry);
}

void Database::erase(Item item, const Key& key, LazyFree* lazy) {
  Entry* entry = &*item;
  forget_marks(item);
  if (entry->has_object()) free_object(entry->encoding(), entry->object(), lazy);
  contents_->table.erase(item.slot_, key.hash);
  deallocate(entry);
}

void Database::clear(LazyFree* lazy) {
  std::unique_ptr<Contents> old = std::exchange(contents_, std::make_unique<Contents>());
  if (lazy != nullptr && !old->table.empty()) lazy->enqueue(std::move(old));
}

void Database::free_object(Encoding encoding, void* object, LazyFree* lazy) {
  if (lazy != nullptr && LazyFree::worth_it(encoding, object)) {
    lazy->enqueue(encoding, object);
    return;
  }
  destroy_object(encoding, object);
}

size_t Database::memory_usage(const Entry& entry, size_t samples) const {
  size_t bytes = SlabAllocator::block_size(entry.size_bytes()) + sizeof(uint64_t);
  if (entry.has_object()) bytes += object_memory(entry.encoding(), entry.object(), samples);
  return bytes;
}

}  // namespace spinel::storage
