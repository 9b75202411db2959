#include "persistence/file/byte_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/base/assert.h"
#include "storage/base/crc64.h"
#include "storage/base/memory.h"

namespace spinel::persistence {

namespace {

// What is read or made room for at once, where nobody knows how much there is.
constexpr size_t kPiece = size_t{1} << 20;

}  // namespace

ByteReader::ByteReader(std::string_view memory)
    // Never written to: without a source there is no refill.
    : buffer_(const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(memory.data()))),
      at_(buffer_),
      end_(buffer_ + memory.size()),
      summed_(buffer_),
      capacity_(memory.size()),
      total_bytes_(memory.size()) {}

ByteReader::ByteReader(ByteSource& source, size_t buffer_bytes)
    : buffer_(static_cast<unsigned char*>(storage::allocate_bytes(buffer_bytes))),
      at_(buffer_),
      end_(buffer_),
      summed_(buffer_),
      capacity_(buffer_bytes),
      source_(&source),
      total_bytes_(source.total_bytes()) {}

ByteReader::~ByteReader() {
  if (source_ != nullptr) storage::free_bytes(buffer_, capacity_);
}

bool ByteReader::fail_at(uint64_t offset, std::string cause) {
  if (failed_) return false;
  failed_ = true;
  error_ = {offset, std::move(cause), false};
  // Nothing is left in the buffer, so that the quick paths fail, too.
  begin_offset_ += static_cast<uint64_t>(at_ - buffer_);
  at_ = end_ = summed_ = buffer_;
  return false;
}

bool ByteReader::refuse_at(uint64_t offset, std::string cause) {
  if (failed_) return false;
  fail_at(offset, std::move(cause));
  error_.is_unsupported = true;
  return false;
}

size_t ByteReader::plausible_count(uint64_t claimed, size_t element_bytes) const {
  constexpr uint64_t kUnknownTotal = kPiece;
  const uint64_t left =
      total_bytes_ ? *total_bytes_ - std::min(position(), *total_bytes_) : kUnknownTotal;
  return static_cast<size_t>(std::min<uint64_t>(claimed, left / element_bytes));
}

void ByteReader::set_progress(std::function<bool(uint64_t)> progress, uint64_t every_bytes) {
  progress_ = std::move(progress);
  progress_every_ = every_bytes;
  next_progress_ = progress_ ? position() + every_bytes : UINT64_MAX;
}

bool ByteReader::report_progress() {
  const uint64_t now = position();
  if (now < next_progress_) return true;
  next_progress_ = now + progress_every_;
  return progress_(now) || stop();
}

void ByteReader::sum_up() {
  if (wants_checksum_) crc_ = storage::crc64(crc_, summed_, static_cast<size_t>(at_ - summed_));
  summed_ = at_;
}

void ByteReader::start_checksum(bool wanted) {
  crc_ = 0;
  summed_ = at_;
  wants_checksum_ = wanted;
}

uint64_t ByteReader::checksum() {
  sum_up();
  return crc_;
}

// Sees to it that `needed` bytes are in the buffer.
bool ByteReader::refill(size_t needed) {
  if (failed_) return false;
  if (source_ == nullptr) return fail("unexpected end of data");
  SPINEL_ASSERT(needed <= capacity_);
  sum_up();
  const auto left = static_cast<size_t>(end_ - at_);
  if (left > 0) std::memmove(buffer_, at_, left);
  begin_offset_ += static_cast<uint64_t>(at_ - buffer_);
  at_ = summed_ = buffer_;
  end_ = buffer_ + left;
  if (!report_progress()) return false;
  while (static_cast<size_t>(end_ - at_) < needed) {
    const auto [bytes, error] =
        source_->read(end_, capacity_ - static_cast<size_t>(end_ - buffer_));
    if (error != 0) return fail(std::string("read failed: ") + std::strerror(error));
    if (bytes == 0) return fail("unexpected end of file");
    end_ += bytes;
  }
  return true;
}

// With an empty buffer: large amounts do not pass through it.
bool ByteReader::read_directly(unsigned char* to, size_t size) {
  while (size > 0) {
    const auto [bytes, error] = source_->read(to, std::min(size, kPiece));
    if (error != 0) return fail(std::string("read failed: ") + std::strerror(error));
    if (bytes == 0) return fail("unexpected end of file");
    if (wants_checksum_) crc_ = storage::crc64(crc_, to, bytes);
    begin_offset_ += bytes;
    to += bytes;
    size -= bytes;
    if (!report_progress()) return false;
  }
  return true;
}

bool ByteReader::read(void* to, size_t size) {
  if (failed_) return false;
  auto* out = static_cast<unsigned char*>(to);
  if (source_ == nullptr || size <= capacity_ / 4) {
    const unsigned char* from = take(size);
    if (from != nullptr && size > 0) std::memcpy(out, from, size);
    return from != nullptr || (size == 0 && !failed_);
  }
  const size_t buffered = std::min(size, static_cast<size_t>(end_ - at_));
  std::memcpy(out, take(buffered), buffered);
  if (buffered == size) return true;
  sum_up();
  begin_offset_ += static_cast<uint64_t>(at_ - buffer_);
  at_ = end_ = summed_ = buffer_;
  return read_directly(out + buffered, size - buffered);
}

bool ByteReader::append(std::string& to, uint64_t size) {
  if (!may_hold(size)) {
    return fail("a size of " + std::to_string(size) + " bytes is more than what is left");
  }
  while (size > 0) {
    // As much as there is already, so that what was claimed but never comes costs little.
    const size_t most = total_bytes_ ? SIZE_MAX : std::max(kPiece, to.size());
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(size, most));
    const size_t old_size = to.size();
    to.resize(old_size + piece);
    if (!read(to.data() + old_size, piece)) return false;
    size -= piece;
  }
  return ok();
}

bool ByteReader::skip(uint64_t size) {
  if (!may_hold(size)) return fail("a size of more bytes than what is left");
  while (size > 0 && ok()) {
    const auto piece = static_cast<size_t>(std::min<uint64_t>(size, capacity_));
    take(piece);
    size -= piece;
  }
  return ok();
}

size_t ByteReader::read_some(void* to, size_t size) {
  if (failed_) return 0;
  const size_t buffered = std::min(size, static_cast<size_t>(end_ - at_));
  if (buffered > 0 || source_ == nullptr) {
    std::memcpy(to, at_, buffered);
    at_ += buffered;
    return buffered;
  }
  sum_up();
  begin_offset_ += static_cast<uint64_t>(at_ - buffer_);
  at_ = end_ = summed_ = buffer_;
  const auto [bytes, error] = source_->read(to, std::min(size, kPiece));
  if (error != 0) {
    fail(std::string("read failed: ") + std::strerror(error));
    return 0;
  }
  if (wants_checksum_) crc_ = storage::crc64(crc_, to, bytes);
  begin_offset_ += bytes;
  return report_progress() ? bytes : 0;
}

}  // namespace spinel::persistence
