// The nodes of a Skiplist, and how to search within one. Only the skiplist's own files and its
// tests need this.
//
// A node is a header and then columns of eight-byte words, each as long as the node has room: the
// scores stand next to each other, so that a search reads few cache lines, all of them at once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/containers/scored_member.h"

namespace spinel::storage::skiplist {

// Elements, in order. Leaves are linked in the order of their elements.
struct Leaf {
  static constexpr unsigned kColumns = 2;
  static constexpr size_t kMinBytes = 128;
  static constexpr size_t kMaxBytes = 1024;

  Leaf* prev;
  Leaf* next;
  uint64_t begins;  // bit i: no element before element i, in the whole list, has its score
  uint16_t count;
  uint16_t capacity;

  double* scores() { return reinterpret_cast<double*>(this + 1); }
  const double* scores() const { return reinterpret_cast<const double*>(this + 1); }
  ScoredMember** members() { return reinterpret_cast<ScoredMember**>(scores() + capacity); }
  ScoredMember* const* members() const {
    return reinterpret_cast<ScoredMember* const*>(scores() + capacity);
  }
};

// For each child: the score and member of its first element, where it is, how many elements it
// holds, and how many of those begin a score.
struct Index {
  static constexpr unsigned kColumns = 5;
  static constexpr size_t kMinBytes = 256;
  static constexpr size_t kMaxBytes = 2048;

  uint16_t count;
  uint16_t capacity;
  uint32_t unused;

  double* scores() { return reinterpret_cast<double*>(this + 1); }
  const double* scores() const { return reinterpret_cast<const double*>(this + 1); }
  ScoredMember** members() { return reinterpret_cast<ScoredMember**>(scores() + capacity); }
  ScoredMember* const* members() const {
    return reinterpret_cast<ScoredMember* const*>(scores() + capacity);
  }
  void** children() { return reinterpret_cast<void**>(members() + capacity); }
  void* const* children() const { return reinterpret_cast<void* const*>(members() + capacity); }
  uint64_t* sizes() { return reinterpret_cast<uint64_t*>(children() + capacity); }
  const uint64_t* sizes() const { return reinterpret_cast<const uint64_t*>(children() + capacity); }
  uint64_t* begins() { return sizes() + capacity; }
  const uint64_t* begins() const { return sizes() + capacity; }
};

// The sizes of nodes are those of the allocator's classes; nothing is lost to rounding.
template <typename Node>
constexpr unsigned capacity_of(size_t bytes) {
  return static_cast<unsigned>((bytes - sizeof(Node)) / (Node::kColumns * sizeof(uint64_t)));
}
template <typename Node>
constexpr unsigned kMaxCount = capacity_of<Node>(Node::kMaxBytes);
static_assert(kMaxCount<Leaf> == 62, "a leaf's flags fit in 64 bits");
static_assert(kMaxCount<Index> == 51);
static_assert(sizeof(Leaf) == 32 && sizeof(Index) == 8);

template <typename Node>
inline unsigned char* column(Node* node, unsigned number) {
  return reinterpret_cast<unsigned char*>(node + 1) +
         number * size_t{node->capacity} * sizeof(uint64_t);
}

// Moves what stands from `from` on to `to`, in all columns; the caller knows that it fits.
template <typename Node>
inline void shift(Node* node, unsigned from, unsigned to) {
  for (unsigned i = 0; i < Node::kColumns; ++i) {
    unsigned char* words = column(node, i);
    std::memmove(words + to * sizeof(uint64_t), words + from * sizeof(uint64_t),
                 (node->count - from) * sizeof(uint64_t));
  }
}

// The low `n` bits, n < 64.
inline uint64_t low_bits(unsigned n) {
  return (uint64_t{1} << n) - 1;
}
inline uint64_t insert_zero_bit(uint64_t bits, unsigned at) {
  const uint64_t low = bits & low_bits(at);
  return ((bits ^ low) << 1) | low;
}
inline uint64_t remove_bits(uint64_t bits, unsigned at, unsigned n) {
  return (bits & low_bits(at)) | (bits >> n & ~low_bits(at));
}

// How many of the first `n` scores are less than `score` (or equal, with kOrEqual). Looks at all of
// them, without a branch that depends on what they are: for the few dozens of a node this beats a
// binary search, because nothing waits for anything.
template <bool kOrEqual>
inline unsigned count_scores(const double* scores, unsigned n, double score) {
  using Doubles [[gnu::vector_size(16)]] = double;
  using Words [[gnu::vector_size(16)]] = int64_t;
  const Doubles bound = {score, score};
  const auto hits = [bound, scores](unsigned i) {
    Doubles pair;
    std::memcpy(&pair, scores + i, sizeof pair);
    return static_cast<Words>(kOrEqual ? pair <= bound : pair < bound);
  };
  Words a = {0, 0};
  Words b = {0, 0};
  unsigned i = 0;
  for (; i + 8 <= n; i += 8) {
    a += hits(i) + hits(i + 2);
    b += hits(i + 4) + hits(i + 6);
  }
  for (; i + 2 <= n; i += 2) a += hits(i);
  const Words sum = a + b;  // each hit counts as -1
  auto count = static_cast<unsigned>(-(sum[0] + sum[1]));
  if (i < n) count += kOrEqual ? scores[i] <= score : scores[i] < score;
  return count;
}

// How many of the first `n` members are less than `bytes` (or equal, with kOrEqual). They are in
// order.
template <bool kOrEqual>
inline unsigned count_members(ScoredMember* const* members, unsigned n, std::string_view bytes) {
  unsigned low = 0;
  while (n > 0) {
    const unsigned half = n / 2;
    const int order = members[low + half]->bytes().compare(bytes);
    if (kOrEqual ? order <= 0 : order < 0) {
      low += half + 1;
      n -= half + 1;
    } else {
      n = half;
    }
  }
  return low;
}

// How many of the first `n` elements of a node are at or before (score, member's bytes). Looks at
// members only among equal scores.
inline unsigned count_keys(const double* scores, ScoredMember* const* members, unsigned n,
                           double score, const ScoredMember* member) {
  const unsigned low = count_scores<false>(scores, n, score);
  if (low == n || scores[low] != score) return low;
  const unsigned equal = count_scores<true>(scores + low, n - low, score);
  return low + count_members<true>(members + low, equal, member->bytes());
}

}  // namespace spinel::storage::skiplist
