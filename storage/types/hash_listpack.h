// The small forms of a hash: a listpack of field and value, field and value; or, once a field of it
// was given an expiry, of field, value, expiry (0: none), with what is needed to know when to look
// for expired ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/containers/listpack.h"
#include "storage/types/encoding.h"

namespace spinel::storage {

// A view of the object of an entry with kListpackHash or kListpackExHash, which changes replace.
class HashListpack {
 public:
  using Offset = Listpack::Offset;

  HashListpack(Encoding encoding, void* object) : encoding_(encoding), object_(object) {}
  static void* create() { return Listpack::create(); }
  void destroy();
  void* duplicate() const;

  Encoding encoding() const { return encoding_; }
  void* object() const { return object_; }
  bool has_expiries() const { return encoding_ == Encoding::kListpackExHash; }

  const Listpack& list() const { return *(has_expiries() ? extended().list : plain()); }
  size_t size() const { return list().count() / stride(); }
  size_t allocated_bytes() const;

  // --- places of fields: for (at = list().begin(); at != list().end(); at = next(at))
  Offset next(Offset at) const { return list().skip(at, stride()); }
  // list().end() if it is not there.
  Offset find(std::string_view field) const { return list().find(ListpackItem(field), stride()); }
  ListpackValue field(Offset at) const { return list().value(at); }
  ListpackValue value(Offset at) const { return list().value(list().next(at)); }
  int64_t expire_at_ms(Offset at) const;

  // --- changes; all places are invalid afterwards. Neither text may be in this hash.
  // Whether a field with a value of that many bytes together can be added.
  bool has_room(size_t bytes) const { return list().has_room(bytes + kMaxOverhead); }
  void append(std::string_view field, std::string_view value, int64_t expire_at_ms);
  void update(Offset at, std::string_view value, int64_t expire_at_ms);
  void set_expiry(Offset at, int64_t expire_at_ms);
  void erase(Offset at);

  // --- expiry
  size_t volatile_count() const { return has_expiries() ? extended().volatile_count : 0; }
  // No field expires before that.
  int64_t next_expiry_ms() const;
  // Whether all fields expired before `now_ms`. Requires that all have an expiry.
  bool all_expired(int64_t now_ms) const;
  // Removes all fields that expired before `now_ms` and appends their names to `expired`.
  void take_expired(int64_t now_ms, std::vector<std::string>& expired);

 private:
  struct Extended {
    Listpack* list;
    size_t volatile_count;
    int64_t next_expiry_ms;
  };

  // Heads of three elements, and an expiry.
  static constexpr size_t kMaxOverhead = 32;

  size_t stride() const { return has_expiries() ? 3 : 2; }
  Listpack* plain() const { return static_cast<Listpack*>(object_); }
  Extended& extended() const { return *static_cast<Extended*>(object_); }
  void set_list(Listpack* list) {
    if (has_expiries()) {
      extended().list = list;
    } else {
      object_ = list;
    }
  }
  Listpack* mutable_list() const { return has_expiries() ? extended().list : plain(); }
  // From pairs to triples.
  void extend();
  // Writes the expiry where there is one to be written, and keeps the counts.
  void store_expiry(Offset expiry_at, int64_t expire_at_ms);
  void count_volatile(int64_t expire_at_ms);
  void forget_volatile(int64_t expire_at_ms);

  Encoding encoding_;
  void* object_;
};

}  // namespace spinel::storage
