#include "storage/types/hash.h"

#include <unordered_set>

namespace spinel::storage {

namespace {

HashFields* fields_of(const void* object) {
  return const_cast<HashFields*>(static_cast<const HashFields*>(object));
}

HashListpack listpack_of(Encoding encoding, const void* object) {
  return {encoding, const_cast<void*>(object)};
}

}  // namespace

Hash::Builder::Builder(size_t fields, const HashLimits& limits)
    : hash_(Encoding::kListpackHash, nullptr), limits_(limits) {
  if (fields <= limits.max_entries) {
    hash_ = Hash::create();
    return;
  }
  auto* table = new HashFields;
  table->reserve(fields);
  hash_ = Hash(Encoding::kTableHash, table);
  appender_.emplace(*table);
}

Hash::Builder::~Builder() {
  if (appender_) appender_->finish();
  if (hash_.object_ != nullptr) destroy(hash_.encoding_, hash_.object_);
}

void Hash::Builder::add(std::string_view field, std::string_view value, int64_t expire_at_ms) {
  if (appender_) return appender_->add(field, value, expire_at_ms);
  if (!hash_.set(HashField(field), value, expire_at_ms, limits_)) all_different_ = false;
}

std::optional<Hash> Hash::Builder::finish() {
  if (appender_) all_different_ = appender_->finish();
  if (!all_different_) return std::nullopt;
  const Hash finished = hash_;
  hash_.object_ = nullptr;
  return finished;
}

void Hash::destroy(Encoding encoding, void* object) {
  if (encoding == Encoding::kTableHash) {
    delete fields_of(object);
  } else {
    listpack_of(encoding, object).destroy();
  }
}

void* Hash::duplicate(Encoding encoding, const void* object) {
  if (encoding == Encoding::kTableHash) return fields_of(object)->duplicate();
  return listpack_of(encoding, object).duplicate();
}

size_t Hash::bytes(Encoding encoding, const void* object) {
  if (encoding == Encoding::kTableHash) return fields_of(object)->bytes();
  return listpack_of(encoding, object).allocated_bytes();
}

size_t Hash::memory(Encoding encoding, const void* object, size_t samples) {
  if (encoding == Encoding::kTableHash) return fields_of(object)->memory(samples);
  return listpack_of(encoding, object).allocated_bytes();
}

size_t Hash::free_effort(Encoding encoding, const void* object) {
  return encoding == Encoding::kTableHash ? fields_of(object)->allocations() : 1;
}

void Hash::make_table() {
  HashListpack list = small();
  auto* table = new HashFields;
  table->reserve(list.size());
  char field_scratch[kMaxDoubleChars];
  char value_scratch[kMaxDoubleChars];
  for (auto at = list.list().begin(); at != list.list().end(); at = list.next(at)) {
    const std::string_view field = list.field(at).bytes(field_scratch);
    table->insert(field, hash_bytes(field), list.value(at).bytes(value_scratch),
                  list.expire_at_ms(at));
  }
  list.destroy();
  encoding_ = Encoding::kTableHash;
  object_ = table;
}

std::optional<Hash::Found> Hash::find(const HashField& field) const {
  if (is_table()) {
    uint64_t* slot = table().find(field.bytes, field.hash());
    if (slot == nullptr) return std::nullopt;
    const int64_t expire_at_ms = HashFieldTraits::expire_at_ms(*slot);
    if (hidden(expire_at_ms)) return std::nullopt;
    return Found{ListpackValue(HashFieldTraits::value(*slot)), expire_at_ms, slot, 0};
  }
  const HashListpack list = small();
  const auto at = list.find(field.bytes);
  if (at == list.list().end()) return std::nullopt;
  const int64_t expire_at_ms = list.expire_at_ms(at);
  if (hidden(expire_at_ms)) return std::nullopt;
  return Found{list.value(at), expire_at_ms, nullptr, at};
}

bool Hash::set(const HashField& field, std::string_view value, int64_t expire_at_ms,
               const HashLimits& limits) {
  return store(field, value, expire_at_ms, OldExpiry::kReplace, limits);
}

bool Hash::set_keeping_expiry(const HashField& field, std::string_view value,
                              const HashLimits& limits) {
  return store(field, value, kNoExpiry, OldExpiry::kKeep, limits);
}

void Hash::replace_value(const HashField& field, const Found& found, std::string_view value,
                         const HashLimits& limits) {
  if (is_table()) {
    table().update(found.slot, value, found.expire_at_ms);
  } else if (outgrows(field, value, limits)) {
    set_keeping_expiry(field, value, limits);
  } else {
    update_small(found.offset, value, found.expire_at_ms, limits);
  }
}

bool Hash::outgrows(const HashField& field, std::string_view value,
                    const HashLimits& limits) const {
  return field.bytes.size() > limits.max_value_bytes || value.size() > limits.max_value_bytes ||
         !small().has_room(field.bytes.size() + value.size());
}

void Hash::update_small(Listpack::Offset at, std::string_view value, int64_t expire_at_ms,
                        const HashLimits& limits) {
  HashListpack list = small();
  list.update(at, value, expire_at_ms);
  put_back(list);
  if (size() > limits.max_entries) make_table();  // the limit was lowered
}

bool Hash::store(const HashField& field, std::string_view value, int64_t expire_at_ms,
                 OldExpiry old_expiry, const HashLimits& limits) {
  if (is_table()) return store_in_table(field, value, expire_at_ms, old_expiry);
  if (outgrows(field, value, limits)) {
    make_table();
    return store_in_table(field, value, expire_at_ms, old_expiry);
  }
  HashListpack list = small();
  const auto at = list.find(field.bytes);
  if (at == list.list().end()) {
    if (list.size() >= limits.max_entries) {
      make_table();
      return store_in_table(field, value, expire_at_ms, old_expiry);
    }
    list.append(field.bytes, value, expire_at_ms);
    put_back(list);
    return true;
  }
  const int64_t old_ms = list.expire_at_ms(at);
  const bool is_new = hidden(old_ms);
  if (old_expiry == OldExpiry::kKeep && !is_new) expire_at_ms = old_ms;
  update_small(at, value, expire_at_ms, limits);
  return is_new;
}

bool Hash::store_in_table(const HashField& field, std::string_view value, int64_t expire_at_ms,
                          OldExpiry old_expiry) {
  const uint64_t hash = field.hash();
  uint64_t* slot = table().find(field.bytes, hash);
  if (slot == nullptr) {
    table().insert(field.bytes, hash, value, expire_at_ms);
    return true;
  }
  const int64_t old_ms = HashFieldTraits::expire_at_ms(*slot);
  const bool is_new = hidden(old_ms);
  if (old_expiry == OldExpiry::kKeep && !is_new) expire_at_ms = old_ms;
  table().update(slot, value, expire_at_ms);
  return is_new;
}

void Hash::set_expiry(const Found& found, int64_t expire_at_ms) {
  if (is_table()) {
    table().set_expiry(found.slot, expire_at_ms);
    return;
  }
  HashListpack list = small();
  list.set_expiry(found.offset, expire_at_ms);
  put_back(list);
}

bool Hash::erase(const HashField& field) {
  if (is_table()) {
    const uint64_t hash = field.hash();
    uint64_t* slot = table().find(field.bytes, hash);
    if (slot == nullptr || hidden(HashFieldTraits::expire_at_ms(*slot))) return false;
    table().erase(slot, hash);
    return true;
  }
  HashListpack list = small();
  const auto at = list.find(field.bytes);
  if (at == list.list().end() || hidden(list.expire_at_ms(at))) return false;
  list.erase(at);
  put_back(list);
  return true;
}

std::vector<HashElement> Hash::all() const {
  std::vector<HashElement> elements;
  if (!may_hide()) elements.reserve(size());
  for_each([&elements](const HashElement& element) { elements.push_back(element); });
  return elements;
}

const uint64_t* Hash::draw(Random& random) const {
  constexpr int kMaxDraws = 100;
  for (int draws = 0; draws < kMaxDraws && !empty(); ++draws) {
    const uint64_t* slot = table().random(random);
    if (!hidden(HashFieldTraits::expire_at_ms(*slot))) return slot;
  }
  return nullptr;
}

std::optional<std::vector<uint64_t>> Hash::draw_distinct(Random& random, size_t count) const {
  // Several times what it takes as long as few are hidden and no more than a third is wanted.
  size_t draws = 4 * count + 100;
  std::unordered_set<uint64_t> drawn(count);
  std::vector<uint64_t> slots;
  slots.reserve(count);
  while (slots.size() < count) {
    if (draws-- == 0) return std::nullopt;
    const uint64_t slot = *table().random(random);
    if (hidden(HashFieldTraits::expire_at_ms(slot))) continue;
    if (drawn.insert(slot).second) slots.push_back(slot);
  }
  return slots;
}

std::optional<HashElement> Hash::random(Random& random) const {
  std::optional<HashElement> chosen;
  if (!is_table() && !may_hide()) {
    if (empty()) return chosen;
    const HashListpack list = small();
    auto at = list.list().begin();
    for (size_t skips = random.below(list.size()); skips > 0; --skips) at = list.next(at);
    chosen.emplace(element_of(list, at));
    return chosen;
  }
  for_each_random(random, 1, [&chosen](const HashElement& element) { chosen.emplace(element); });
  return chosen;
}

void Hash::take_expired(int64_t now_ms, size_t max_buckets, std::vector<std::string>& expired) {
  if (is_table()) return table().take_expired(now_ms, max_buckets, expired);
  HashListpack list = small();
  list.take_expired(now_ms, expired);
  put_back(list);
}

}  // namespace spinel::storage
