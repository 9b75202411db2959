#include "persistence/file/byte_writer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "storage/base/crc64.h"
#include "storage/base/memory.h"

namespace spinel::persistence {

ByteWriter::ByteWriter(ByteSink& sink, size_t buffer_bytes)
    : buffer_(static_cast<unsigned char*>(storage::allocate_bytes(buffer_bytes))),
      capacity_(buffer_bytes),
      sink_(sink) {}

ByteWriter::~ByteWriter() {
  storage::free_bytes(buffer_, capacity_);
}

void ByteWriter::set_progress(std::function<bool(uint64_t)> progress, uint64_t every_bytes) {
  progress_ = std::move(progress);
  progress_every_ = every_bytes;
  next_progress_ = progress_ ? position() + every_bytes : UINT64_MAX;
}

void ByteWriter::sum_up() {
  if (wants_checksum_) crc_ = storage::crc64(crc_, buffer_ + summed_, size_ - summed_);
  summed_ = size_;
}

uint64_t ByteWriter::checksum() {
  sum_up();
  return crc_;
}

bool ByteWriter::pass_on(const unsigned char* from, size_t size) {
  if (error_ == 0) error_ = sink_.write(from, size);
  if (error_ != 0) return false;
  flushed_bytes_ += size;
  if (flushed_bytes_ >= next_progress_) {
    next_progress_ = flushed_bytes_ + progress_every_;
    if (!progress_(flushed_bytes_)) error_ = ECANCELED;
  }
  return error_ == 0;
}

bool ByteWriter::flush() {
  sum_up();
  if (size_ > 0) pass_on(buffer_, size_);
  size_ = summed_ = 0;
  return error_ == 0;
}

// Large amounts do not pass through the buffer.
void ByteWriter::write_large(const void* from, size_t size) {
  flush();
  if (size < capacity_ / 2) {
    std::memcpy(buffer_, from, size);
    size_ = size;
    return;
  }
  constexpr size_t kPiece = size_t{1} << 20;
  const auto* at = static_cast<const unsigned char*>(from);
  for (size_t left = size; left > 0 && error_ == 0;) {
    const size_t piece = std::min(left, kPiece);
    if (wants_checksum_) crc_ = storage::crc64(crc_, at, piece);
    pass_on(at, piece);
    at += piece;
    left -= piece;
  }
}

}  // namespace spinel::persistence
