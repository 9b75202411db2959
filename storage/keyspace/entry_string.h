// Reads the string value of an entry, whatever its encoding.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/base/numbers.h"
#include "storage/keyspace/entry.h"

namespace spinel::storage {

// Where the bytes of a value are put that are not kept as such: the digits of an integer, or, in
// memory of its own, what a compressed bitmap stands for.
class StringScratch {
 public:
  StringScratch() = default;
  ~StringScratch() {
    if (large_ != nullptr) release();
  }
  StringScratch(const StringScratch&) = delete;
  StringScratch& operator=(const StringScratch&) = delete;

  // Room for so many bytes; what was there before is gone.
  char* room(size_t size) { return size <= sizeof small_ ? small_ : large_room(size); }

 private:
  char* large_room(size_t size);
  void release();

  char small_[kMaxInt64Chars];
  char* large_ = nullptr;
  size_t large_size_ = 0;
};

// The bytes of a string value, whatever its encoding. Valid while the entry is unchanged and
// `scratch` lives. A compressed bitmap of 512 MB takes as much for its bytes: who can do with a
// part of them, or knows what to do with a compressed one, should.
std::string_view string_bytes(const Entry& entry, StringScratch& scratch);
// `count` of its bytes from `first` on, which must be there; no others are made.
std::string_view string_part(const Entry& entry, size_t first, size_t count,
                             StringScratch& scratch);
// Its length, in constant time.
size_t string_size(const Entry& entry);

}  // namespace spinel::storage
