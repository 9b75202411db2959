// The bytes a client is still owed.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "storage/base/assert.h"
#include "storage/types/string.h"

namespace spinel::server::resp {

// A growing byte queue: replies are appended at the back, the socket consumes from the front.
// Grows by doubling, so appending is amortised O(1); memory is returned by `release_idle_memory`.
//
// The bytes are contiguous, so that one write sends them all, but for large strings that replies
// share with the keyspace: those are sent from where they lie.
class OutputBuffer {
 public:
  OutputBuffer() = default;
  ~OutputBuffer();
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Parts of at least this size are worth sharing, if they are at least half of their string:
  // sharing keeps all of that alive.
  static constexpr size_t kLeastShared = 16 * 1024;

  // Bytes appended and not yet consumed.
  size_t size() const { return end_ - begin_ + shared_bytes_; }
  bool empty() const { return size() == 0; }
  // Whether all bytes are contiguous: `data` and `view` require it, `gather` does not.
  bool is_contiguous() const { return shared_bytes_ == 0; }
  const char* data() const {
    SPINEL_ASSERT(is_contiguous());
    return bytes_ + begin_;
  }
  std::string_view view() const { return {data(), size()}; }
  size_t capacity() const { return capacity_; }
  // Memory held. A shared string counts as a whole until all of its part was sent.
  size_t memory_bytes() const { return capacity_ + held_bytes_; }

  // Whether `append_shared` may share strings. Off at first: then it copies.
  void allow_sharing(bool allow) { may_share_ = allow; }
  // Appends `count` bytes of `string` from `first` on, which must be there. They stay as they are
  // until they are sent, whatever becomes of the string's key.
  void append_shared(storage::RawString& string, size_t first, size_t count);
  // Fills `parts` with what is to be sent first, in order, and returns how many of them.
  size_t gather(iovec* parts, size_t most) const;

  // Bytes that may be pending; 0: any number. A buffer that would have to grow beyond that drops
  // what it holds and is `overflowed` from then on: it stays bounded, and what it says no longer
  // makes sense. Its client must be disconnected.
  void set_limit(size_t bytes) { limit_ = bytes; }
  bool overflowed() const { return overflowed_; }

  // Room for at least `more` bytes behind the last one; the caller writes there and then calls
  // `commit`.
  char* reserve(size_t more) {
    if (capacity_ - end_ < more) [[unlikely]]
      make_room(more);
    return bytes_ + end_;
  }
  // Takes over `written` bytes that were put where `reserve` pointed.
  void commit(size_t written) {
    SPINEL_ASSERT(written <= capacity_ - end_);
    end_ += written;
  }

  void append(std::string_view bytes) {
    if (capacity_ - end_ < bytes.size() && overflows(bytes.size())) return;
    char* to = reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Puts `bytes` before the byte at `position` (counted from the first pending one), moving what
  // follows. The position must not be within a shared string.
  void insert(size_t position, std::string_view bytes);

  // Drops everything behind the first `size` bytes. Needs `size <= size()`, and not within a shared
  // string.
  void truncate(size_t size) {
    if (overflowed_) return;
    SPINEL_ASSERT(size <= this->size());
    if (!is_contiguous()) drop_shared_behind(size);
    end_ = begin_ + size - shared_bytes_;
  }

  // Drops the first `count` bytes: they have been sent.
  void consume(size_t count) {
    SPINEL_ASSERT(count <= size());
    if (!is_contiguous()) return consume_shared(count);
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Frees the memory if nothing is pending and more than `keep_bytes` are held.
  void release_idle_memory(size_t keep_bytes);

 private:
  // A part of a shared string, to be sent before the byte at `at` of `bytes_`.
  struct Shared {
    size_t at;
    storage::RawString* string;
    const char* data;
    size_t size;
  };

  void release(const Shared& shared);
  void drop_shared_behind(size_t size);
  void drop_all_shared();
  void consume_shared(size_t count);
  // Whether growing by `more` bytes exceeds the limit; if so, everything is dropped.
  bool overflows(size_t more);
  void make_room(size_t more);

  char* bytes_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
  size_t limit_ = 0;
  bool overflowed_ = false;
  bool may_share_ = false;
  std::vector<Shared> shared_;  // in order; those before `first_shared_` have been sent
  size_t first_shared_ = 0;
  size_t shared_bytes_ = 0;  // pending
  size_t held_bytes_ = 0;    // that the shared strings take
};

}  // namespace spinel::server::resp
