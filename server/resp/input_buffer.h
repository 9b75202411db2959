// The bytes received from a client and not yet executed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::server::resp {

// Filled at the back by reads, consumed at the front. Small while a client sends small requests: it
// grows when a read fills it, and when a long argument is known to come.
class InputBuffer {
 public:
  static constexpr size_t kInitialCapacity = 1024;
  // A read is asked for no more than this, unless a longer argument is under way.
  static constexpr size_t kReadCapacity = 64 * 1024;

  InputBuffer() = default;
  ~InputBuffer() { release(); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  std::string_view view() const { return {bytes_ + begin_, end_ - begin_}; }
  size_t size() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }

  // Where the next read goes. `prepare` must come before; both end the validity of views.
  char* tail() { return bytes_ + end_; }
  size_t room() const { return capacity_ - end_; }
  void commit(size_t count) {
    SPINEL_ASSERT(count <= room());
    end_ += count;
    filled_ = end_ == capacity_;
  }

  void consume(size_t count) {
    SPINEL_ASSERT(count <= size());
    begin_ += count;
    if (begin_ < end_) return;
    begin_ = end_ = 0;
    // A long argument is done with: its room goes back at once, not when the client falls quiet.
    if (capacity_ > kReadCapacity) release();
  }

  // Drops all but the first `size` bytes, which were read elsewhere.
  void truncate(size_t size) {
    SPINEL_ASSERT(size <= this->size());
    end_ = begin_ + size;
    filled_ = false;
  }

  // Makes room for the next read. `expected_bytes` is what the pending request will take in all, if
  // known: the buffer grows toward it in steps as data arrives, so that announcing much costs a
  // client as much as us.
  void prepare(size_t expected_bytes) {
    if (begin_ > 0) {
      std::memmove(bytes_, bytes_ + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    size_t wanted = capacity_ == 0 ? kInitialCapacity : capacity_;
    if (filled_ && wanted < kReadCapacity) wanted *= 2;
    if (expected_bytes > wanted) {
      wanted = std::max(wanted, std::min(expected_bytes, std::max(2 * end_, kReadCapacity)));
    }
    if (end_ == wanted) wanted *= 2;
    filled_ = false;
    if (wanted > capacity_) resize(wanted);
  }

  // Keeps no memory if nothing is pending.
  void release_idle_memory() {
    if (size() == 0) release();
  }

 private:
  void release() {
    storage::free_bytes(bytes_, capacity_);
    bytes_ = nullptr;
    begin_ = end_ = capacity_ = 0;
    filled_ = false;
  }
  void resize(size_t wanted) {
    bytes_ = static_cast<char*>(storage::reallocate_bytes(bytes_, capacity_, wanted));
    capacity_ = wanted;
  }

  char* bytes_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
  bool filled_ = false;  // the last read may have left something behind
};

}  // namespace spinel::server::resp
