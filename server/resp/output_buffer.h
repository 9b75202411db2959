// The bytes a client is still owed, contiguous so that one write sends them all.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "storage/base/assert.h"

namespace spinel::server::resp {

// A growing byte queue: replies are appended at the back, the socket consumes from the front.
// Grows by doubling, so appending is amortised O(1); memory is returned by `release_idle_memory`.
class OutputBuffer {
 public:
  OutputBuffer() = default;
  ~OutputBuffer();
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Bytes appended and not yet consumed.
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  const char* data() const { return bytes_ + begin_; }
  std::string_view view() const { return {data(), size()}; }
  size_t capacity() const { return capacity_; }

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

  // Puts `bytes` before the byte at `position` (counted from `data()`), moving what follows.
  void insert(size_t position, std::string_view bytes);

  // Drops everything behind the first `size` bytes. Needs `size <= size()`.
  void truncate(size_t size) {
    if (overflowed_) return;
    SPINEL_ASSERT(size <= this->size());
    end_ = begin_ + size;
  }

  // Drops the first `count` bytes: they have been sent.
  void consume(size_t count) {
    SPINEL_ASSERT(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Frees the memory if nothing is pending and more than `keep_bytes` are held.
  void release_idle_memory(size_t keep_bytes);

 private:
  // Whether growing by `more` bytes exceeds the limit; if so, everything is dropped.
  bool overflows(size_t more);
  void make_room(size_t more);

  char* bytes_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
  size_t limit_ = 0;
  bool overflowed_ = false;
};

}  // namespace spinel::server::resp
