// A member of a sorted set with its score, in one block: the score in eight bytes, then the member
// as a packed string. The set's hash table and its skiplist both point at the block, so that the
// member's bytes exist once.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/containers/packed_string.h"

namespace spinel::storage {

// Stands in memory that its owner allocates: 8-byte aligned, size_for(length) bytes.
class ScoredMember {
 public:
  // Bytes of the block of a member of `length` bytes. `length` is below 2^32.
  static constexpr size_t size_for(size_t length) {
    return sizeof(double) + PackedString::size_for(length);
  }

  // Makes a block at `at`, which has room for it.
  static ScoredMember* write(void* at, double score, std::string_view bytes) {
    auto* block = static_cast<ScoredMember*>(at);
    block->score_ = score;
    PackedString::write(block->packed(), bytes);
    return block;
  }

  ScoredMember() = delete;
  ScoredMember(const ScoredMember&) = delete;
  ScoredMember& operator=(const ScoredMember&) = delete;

  double score() const { return score_; }
  void set_score(double score) { score_ = score; }
  std::string_view bytes() const { return PackedString::read(packed()); }
  size_t size_bytes() const { return size_for(bytes().size()); }

 private:
  unsigned char* packed() { return reinterpret_cast<unsigned char*>(this + 1); }
  const unsigned char* packed() const { return reinterpret_cast<const unsigned char*>(this + 1); }

  double score_;
};
static_assert(sizeof(ScoredMember) == sizeof(double));

}  // namespace spinel::storage
