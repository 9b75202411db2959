#include "storage/types/hash_fields.h"

#include <algorithm>
#include <cstring>

#include "storage/base/assert.h"

namespace spinel::storage {

namespace {

constexpr size_t prefix_for(int64_t expire_at_ms) {
  return expire_at_ms == kNoExpiry ? 0 : sizeof(int64_t);
}

size_t size_for(std::string_view field, std::string_view value, int64_t expire_at_ms) {
  return prefix_for(expire_at_ms) + PackedString::size_for(field.size()) +
         PackedString::size_for(value.size());
}

}  // namespace

HashFields::~HashFields() {
  if (slab_.large_blocks() == 0) return;
  table_.for_each([this](Slot slot) {
    const size_t size = block_bytes(slot);
    if (size > SlabAllocator::kMaxBlock) slab_.deallocate(Traits::block(slot), size);
  });
}

HashFields* HashFields::duplicate() {
  auto* copy = new HashFields;
  copy->reserve(size());
  table_.for_each([copy](Slot slot) {
    const std::string_view field = Traits::field(slot);
    copy->insert(field, hash_bytes(field), Traits::value(slot), Traits::expire_at_ms(slot));
  });
  return copy;
}

size_t HashFields::block_bytes(Slot slot) {
  const std::string_view value = Traits::value(slot);
  return static_cast<size_t>(reinterpret_cast<const unsigned char*>(value.data()) -
                             Traits::block(slot)) +
         value.size();
}

unsigned char* HashFields::value_of(Slot slot) {
  const std::string_view field = Traits::field(slot);
  return Traits::block(slot) +
         (reinterpret_cast<const unsigned char*>(field.data()) - Traits::block(slot)) +
         field.size();
}

HashFields::Slot HashFields::make(std::string_view field, std::string_view value,
                                  int64_t expire_at_ms) {
  auto* block = static_cast<unsigned char*>(slab_.allocate(size_for(field, value, expire_at_ms)));
  auto slot = reinterpret_cast<Slot>(block);
  SPINEL_ASSERT((slot & ~(Traits::kVolatile - 1)) == 0);
  unsigned char* at = block;
  if (expire_at_ms != kNoExpiry) {
    store_unaligned(at, expire_at_ms);
    at += sizeof expire_at_ms;
    slot |= Traits::kVolatile;
  }
  PackedString::write(PackedString::write(at, field), value);
  return slot;
}

void HashFields::count_volatile(int64_t expire_at_ms) {
  if (expire_at_ms == kNoExpiry) return;
  ++volatile_count_;
  note_expiry(expire_at_ms);
}

void HashFields::note_expiry(int64_t expire_at_ms) {
  next_expiry_ms_ = std::min(next_expiry_ms_, expire_at_ms);
  pass_first_ms_ = std::min(pass_first_ms_, expire_at_ms);
  last_expiry_ms_ = std::max(last_expiry_ms_, expire_at_ms);
  known_expiry_ms_ = std::max(known_expiry_ms_, expire_at_ms);
}

void HashFields::forget_volatile(Slot slot) {
  if (!Traits::is_volatile(slot)) return;
  if (Traits::expire_at_ms(slot) == known_expiry_ms_) known_expiry_ms_ = kBeforeAll;
  if (--volatile_count_ == 0) stop_waiting();
}

void HashFields::stop_waiting() {
  next_expiry_ms_ = pass_first_ms_ = kNever;
  last_expiry_ms_ = known_expiry_ms_ = kBeforeAll;
  pass_cursor_ = 0;
}

bool HashFields::all_expired(int64_t now_ms) {
  if (known_expiry_ms_ >= now_ms) return false;
  if (last_expiry_ms_ < now_ms) return true;
  // From the start, where a pass under way has removed what was due.
  uint64_t cursor = 0;
  do {
    cursor = table_.scan(cursor, [this](Slot slot) {
      known_expiry_ms_ = std::max(known_expiry_ms_, Traits::expire_at_ms(slot));
    });
    if (known_expiry_ms_ >= now_ms) return false;
  } while (cursor != 0);
  last_expiry_ms_ = known_expiry_ms_;
  return true;
}

void HashFields::insert(std::string_view field, uint64_t hash, std::string_view value,
                        int64_t expire_at_ms) {
  table_.insert(hash, make(field, value, expire_at_ms));
  count_volatile(expire_at_ms);
}

void HashFields::update(Slot* slot, std::string_view value, int64_t expire_at_ms) {
  const Slot old = *slot;
  const bool same_shape = !Traits::is_volatile(old) && expire_at_ms == kNoExpiry;
  const size_t old_size = block_bytes(old);
  const std::string_view field = Traits::field(old);
  if (same_shape && SlabAllocator::block_size(old_size) ==
                        SlabAllocator::block_size(size_for(field, value, expire_at_ms))) {
    PackedString::write(value_of(old), value);
    return;
  }
  *slot = make(field, value, expire_at_ms);
  forget_volatile(old);
  count_volatile(expire_at_ms);
  slab_.deallocate(Traits::block(old), old_size);
}

void HashFields::set_expiry(Slot* slot, int64_t expire_at_ms) {
  const Slot old = *slot;
  if (Traits::is_volatile(old) && expire_at_ms != kNoExpiry) {
    if (Traits::expire_at_ms(old) == known_expiry_ms_) known_expiry_ms_ = kBeforeAll;
    store_unaligned(Traits::block(old), expire_at_ms);
    note_expiry(expire_at_ms);
    return;
  }
  if (!Traits::is_volatile(old) && expire_at_ms == kNoExpiry) return;
  *slot = make(Traits::field(old), Traits::value(old), expire_at_ms);
  forget_volatile(old);
  count_volatile(expire_at_ms);
  free_block(old);
}

void HashFields::erase(Slot* slot, uint64_t hash) {
  const Slot old = *slot;
  table_.erase(slot, hash);
  forget_volatile(old);
  free_block(old);
}

void HashFields::take_expired(int64_t now_ms, size_t max_buckets,
                              std::vector<std::string>& expired) {
  std::vector<Slot> due;
  for (; max_buckets > 0 && next_expiry_ms_ < now_ms; --max_buckets) {
    due.clear();
    pass_cursor_ = table_.scan(pass_cursor_, [&](Slot slot) {
      if (!Traits::is_volatile(slot)) return;
      const int64_t expire_at_ms = Traits::expire_at_ms(slot);
      if (expire_at_ms < now_ms) {
        due.push_back(slot);
      } else {
        pass_first_ms_ = std::min(pass_first_ms_, expire_at_ms);
      }
    });
    if (pass_cursor_ == 0) {  // all were seen
      next_expiry_ms_ = pass_first_ms_;
      pass_first_ms_ = kNever;
    }
    for (const Slot slot : due) {
      const std::string_view field = Traits::field(slot);
      expired.emplace_back(field);
      const uint64_t hash = hash_bytes(field);
      erase(table_.find(field, hash), hash);
    }
  }
}

size_t HashFields::memory(size_t samples) {
  size_t total = bytes();
  if (slab_.large_blocks() == 0) return total;
  size_t seen = 0;
  size_t large = 0;
  const auto weigh = [&](Slot slot) {
    ++seen;
    const size_t size = block_bytes(slot);
    if (size > SlabAllocator::kMaxBlock) large += SlabAllocator::block_size(size);
  };
  if (samples == 0 || samples >= size()) {
    table_.for_each(weigh);
    return total + large;
  }
  uint64_t cursor = 0;
  do {
    cursor = table_.scan(cursor, weigh);
  } while (cursor != 0 && seen < samples);
  return total + static_cast<size_t>(static_cast<double>(large) / static_cast<double>(seen) *
                                     static_cast<double>(size()));
}

}  // namespace spinel::storage
