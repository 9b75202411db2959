#include "server/resp/output_buffer.h"

#include <algorithm>
#include <cstdlib>

#include "storage/base/memory.h"

namespace spinel::server::resp {

namespace {
constexpr size_t kInitialCapacity = 1024;
// So many that have been sent are kept, rather than moving those behind them each time.
constexpr size_t kMostSentShared = 64;
}  // namespace

using storage::RawString;

OutputBuffer::~OutputBuffer() {
  drop_all_shared();
  std::free(bytes_);
}

bool OutputBuffer::overflows(size_t more) {
  if (limit_ == 0 || size() + more <= limit_) return false;
  overflowed_ = true;
  begin_ = end_ = 0;
  drop_all_shared();
  return true;
}

void OutputBuffer::make_room(size_t more) {
  if (overflows(more) && more <= capacity_) return;
  if (begin_ > 0) {
    std::memmove(bytes_, bytes_ + begin_, end_ - begin_);
    for (size_t i = first_shared_; i < shared_.size(); ++i) shared_[i].at -= begin_;
    end_ -= begin_;
    begin_ = 0;
    // Only worth keeping the block if the move freed a good part of it; otherwise double as well.
    if (capacity_ - end_ >= std::max(more, capacity_ / 4)) return;
  }
  const size_t wanted =
      storage::usable_size(std::max({end_ + more, capacity_ * 2, kInitialCapacity}));
  bytes_ = static_cast<char*>(std::realloc(bytes_, wanted));
  SPINEL_ASSERT(bytes_ != nullptr);
  capacity_ = wanted;
}

void OutputBuffer::insert(size_t position, std::string_view bytes) {
  if (overflowed_) return;
  SPINEL_ASSERT(position <= size());
  reserve(bytes.size());
  if (overflowed_) return;
  size_t shared_before = shared_bytes_;  // before `position`
  for (size_t i = shared_.size(); i-- > first_shared_;) {
    const size_t begins = shared_[i].at - begin_ + shared_before - shared_[i].size;
    if (position > begins) break;
    shared_[i].at += bytes.size();
    shared_before -= shared_[i].size;
  }
  position -= shared_before;
  char* at = bytes_ + begin_ + position;
  std::memmove(at + bytes.size(), at, end_ - begin_ - position);
  std::memcpy(at, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void OutputBuffer::append_shared(RawString& string, size_t first, size_t count) {
  SPINEL_ASSERT(first + count <= string.size);
  if (!may_share_ || count < kLeastShared || count < string.allocated_bytes() / 2) {
    return append(string.view().substr(first, count));
  }
  if (overflowed_ || overflows(count)) return;
  RawString::share(&string);
  shared_.push_back({end_, &string, string.bytes() + first, count});
  shared_bytes_ += count;
  held_bytes_ += string.allocated_bytes();
}

void OutputBuffer::release(const Shared& shared) {
  held_bytes_ -= shared.string->allocated_bytes();
  RawString::destroy(shared.string);
}

size_t OutputBuffer::gather(iovec* parts, size_t most) const {
  size_t count = 0;
  size_t at = begin_;
  const auto add = [&](const char* data, size_t size) {
    if (size > 0) parts[count++] = {const_cast<char*>(data), size};
  };
  for (size_t i = first_shared_; i < shared_.size() && count + 2 <= most; ++i) {
    const Shared& shared = shared_[i];
    add(bytes_ + at, shared.at - at);
    add(shared.data, shared.size);
    at = shared.at;
    if (i + 1 == shared_.size() && count < most) add(bytes_ + at, end_ - at);
  }
  if (is_contiguous()) add(bytes_ + at, end_ - at);
  return count;
}

void OutputBuffer::consume_shared(size_t count) {
  while (count > 0 && shared_bytes_ > 0) {
    Shared& shared = shared_[first_shared_];
    const size_t before = std::min(count, shared.at - begin_);
    begin_ += before;
    count -= before;
    const size_t sent = std::min(count, shared.size);
    shared.data += sent;
    shared.size -= sent;
    shared_bytes_ -= sent;
    count -= sent;
    if (shared.size > 0) return;
    release(shared);
    ++first_shared_;
  }
  if (first_shared_ > kMostSentShared) {
    shared_.erase(shared_.begin(), shared_.begin() + static_cast<ptrdiff_t>(first_shared_));
    first_shared_ = 0;
  }
  if (!is_contiguous()) return;
  shared_.clear();
  first_shared_ = 0;
  consume(count);
}

void OutputBuffer::drop_shared_behind(size_t size) {
  while (shared_.size() > first_shared_) {
    const Shared& last = shared_.back();
    if (last.at - begin_ + shared_bytes_ <= size) return;
    shared_bytes_ -= last.size;
    SPINEL_ASSERT(last.at - begin_ + shared_bytes_ >= size);
    release(last);
    shared_.pop_back();
  }
}

void OutputBuffer::drop_all_shared() {
  for (size_t i = first_shared_; i < shared_.size(); ++i) release(shared_[i]);
  shared_ = {};
  first_shared_ = 0;
  shared_bytes_ = 0;
}

void OutputBuffer::release_idle_memory(size_t keep_bytes) {
  if (!empty() || capacity_ <= keep_bytes) return;
  std::free(bytes_);
  bytes_ = nullptr;
  capacity_ = begin_ = end_ = 0;
  shared_.shrink_to_fit();
}

}  // namespace spinel::server::resp
