#include "storage/types/hash_listpack.h"

#include <algorithm>

#include "storage/base/memory.h"
#include "storage/types/hash_fields.h"

namespace spinel::storage {

namespace {

// Expiries as they are stored; times are never 0.
ListpackItem expiry_item(int64_t expire_at_ms) {
  return ListpackItem(expire_at_ms == kNoExpiry ? int64_t{0} : expire_at_ms);
}

ListpackItem item_of(const ListpackValue& value) {
  return value.is_integer() ? ListpackItem(value.integer) : ListpackItem::as_text(value.text);
}

}  // namespace

void HashListpack::destroy() {
  Listpack::destroy(mutable_list());
  if (has_expiries()) delete &extended();
}

void* HashListpack::duplicate() const {
  Listpack* copy = Listpack::duplicate(&list());
  if (!has_expiries()) return copy;
  auto* object = new Extended(extended());
  object->list = copy;
  return object;
}

size_t HashListpack::allocated_bytes() const {
  return list().allocated_bytes() + (has_expiries() ? usable_size(sizeof(Extended)) : 0);
}

int64_t HashListpack::expire_at_ms(Offset at) const {
  if (!has_expiries()) return kNoExpiry;
  const int64_t stored = list().value(list().skip(at, 2)).integer;
  return stored == 0 ? kNoExpiry : stored;
}

int64_t HashListpack::next_expiry_ms() const {
  return has_expiries() ? extended().next_expiry_ms : kNever;
}

void HashListpack::extend() {
  Listpack* pairs = plain();
  Listpack* triples = Listpack::create();
  for (Offset at = pairs->begin(); at != pairs->end(); at = pairs->skip(at, 2)) {
    triples =
        Listpack::append(triples, {item_of(pairs->value(at)),
                                   item_of(pairs->value(pairs->next(at))), expiry_item(kNoExpiry)});
  }
  Listpack::destroy(pairs);
  object_ = new Extended{.list = triples, .volatile_count = 0, .next_expiry_ms = kNever};
  encoding_ = Encoding::kListpackExHash;
}

void HashListpack::count_volatile(int64_t expire_at_ms) {
  if (expire_at_ms == kNoExpiry) return;
  ++extended().volatile_count;
  extended().next_expiry_ms = std::min(extended().next_expiry_ms, expire_at_ms);
}

void HashListpack::forget_volatile(int64_t expire_at_ms) {
  if (expire_at_ms == kNoExpiry) return;
  if (--extended().volatile_count == 0) extended().next_expiry_ms = kNever;
}

void HashListpack::append(std::string_view field, std::string_view value, int64_t expire_at_ms) {
  if (expire_at_ms != kNoExpiry && !has_expiries()) extend();
  if (has_expiries()) {
    set_list(Listpack::append(
        mutable_list(), {ListpackItem(field), ListpackItem(value), expiry_item(expire_at_ms)}));
    count_volatile(expire_at_ms);
  } else {
    set_list(Listpack::append(mutable_list(), {ListpackItem(field), ListpackItem(value)}));
  }
}

void HashListpack::store_expiry(Offset expiry_at, int64_t expire_at_ms) {
  const int64_t stored = list().value(expiry_at).integer;
  const int64_t old = stored == 0 ? kNoExpiry : stored;
  if (old == expire_at_ms) return;
  set_list(Listpack::replace(mutable_list(), expiry_at, expiry_item(expire_at_ms)));
  forget_volatile(old);
  count_volatile(expire_at_ms);
}

void HashListpack::update(Offset at, std::string_view value, int64_t expire_at_ms) {
  const Offset value_at = list().next(at);
  set_list(Listpack::replace(mutable_list(), value_at, ListpackItem(value)));
  set_expiry(at, expire_at_ms);
}

void HashListpack::set_expiry(Offset at, int64_t expire_at_ms) {
  if (!has_expiries()) {
    if (expire_at_ms == kNoExpiry) return;
    size_t index = 0;
    for (Offset i = list().begin(); i != at; i = next(i)) ++index;
    extend();
    at = list().skip(list().begin(), index * stride());
  }
  store_expiry(list().skip(at, 2), expire_at_ms);
}

void HashListpack::erase(Offset at) {
  const int64_t expiry = expire_at_ms(at);
  set_list(Listpack::erase(mutable_list(), at, stride()));
  forget_volatile(expiry);
}

bool HashListpack::all_expired(int64_t now_ms) const {
  for (Offset at = list().begin(); at != list().end(); at = next(at)) {
    if (expire_at_ms(at) >= now_ms) return false;
  }
  return true;
}

void HashListpack::take_expired(int64_t now_ms, std::vector<std::string>& expired) {
  if (next_expiry_ms() >= now_ms) return;
  int64_t first_ms = kNever;
  char scratch[kMaxDoubleChars];
  for (Offset at = list().begin(); at != list().end();) {
    const int64_t expiry = expire_at_ms(at);
    if (expiry != kNoExpiry && expiry < now_ms) {
      expired.emplace_back(field(at).bytes(scratch));
      erase(at);  // the next one is here now
      continue;
    }
    if (expiry != kNoExpiry) first_ms = std::min(first_ms, expiry);
    at = next(at);
  }
  extended().next_expiry_ms = first_ms;
}

}  // namespace spinel::storage
