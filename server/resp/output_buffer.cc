#include "server/resp/output_buffer.h"

#include <algorithm>
#include <cstdlib>

namespace spinel::server::resp {

namespace {
constexpr size_t kInitialCapacity = 1024;
}

OutputBuffer::~OutputBuffer() {
  std::free(bytes_);
}

bool OutputBuffer::overflows(size_t more) {
  if (limit_ == 0 || size() + more <= limit_) return false;
  overflowed_ = true;
  begin_ = end_ = 0;
  return true;
}

void OutputBuffer::make_room(size_t more) {
  if (overflows(more) && more <= capacity_) return;
  if (begin_ > 0) {
    std::memmove(bytes_, bytes_ + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    // Only worth keeping the block if the move freed a good part of it; otherwise double as well.
    if (capacity_ - end_ >= std::max(more, capacity_ / 4)) return;
  }
  const size_t wanted = std::max({end_ + more, capacity_ * 2, kInitialCapacity});
  bytes_ = static_cast<char*>(std::realloc(bytes_, wanted));
  SPINEL_ASSERT(bytes_ != nullptr);
  capacity_ = wanted;
}

void OutputBuffer::insert(size_t position, std::string_view bytes) {
  if (overflowed_) return;
  SPINEL_ASSERT(position <= size());
  reserve(bytes.size());
  if (overflowed_) return;
  char* at = bytes_ + begin_ + position;
  std::memmove(at + bytes.size(), at, size() - position);
  std::memcpy(at, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void OutputBuffer::release_idle_memory(size_t keep_bytes) {
  if (!empty() || capacity_ <= keep_bytes) return;
  std::free(bytes_);
  bytes_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

}  // namespace spinel::server::resp
