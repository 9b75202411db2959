// Writes bytes through a buffer, with the sum of what was written (CRC-64). The first error stays:
// from then on nothing is written, and `ok()` says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include "persistence/file/byte_sink.h"

namespace spinel::persistence {

class ByteWriter {
 public:
  static constexpr size_t kDefaultBuffer = size_t{1} << 18;

  // `sink` outlives the writer.
  explicit ByteWriter(ByteSink& sink, size_t buffer_bytes = kDefaultBuffer);
  // What was not flushed is lost.
  ~ByteWriter();
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  bool ok() const { return error_ == 0; }
  // The errno of the write that failed, ECANCELED if the progress function ended it; 0: all is
  // well.
  int error() const { return error_; }
  // Has the writer fail with this errno, unless it has failed already.
  void fail(int error) {
    if (ok()) error_ = error;
  }
  // Bytes written so far, buffered ones too. The place of the error after one.
  uint64_t position() const { return flushed_bytes_ + size_; }

  // Calls `progress(position)` whenever about `every_bytes` were written, also within what is
  // large. If it returns false, writing fails. Null: nobody is told.
  void set_progress(std::function<bool(uint64_t)> progress, uint64_t every_bytes);

  void byte(uint8_t value) {
    if (size_ == capacity_) flush();
    buffer_[size_++] = value;
  }
  // A number of sizeof(T) bytes, little endian.
  template <typename T>
  void number(T value) {
    bytes(&value, sizeof value);
  }
  void bytes(const void* from, size_t size) {
    if (size > capacity_ - size_) return write_large(from, size);
    if (size != 0) std::memcpy(buffer_ + size_, from, size);
    size_ += size;
  }
  void bytes(std::string_view from) { bytes(from.data(), from.size()); }
  // Room for up to `size` bytes (no more than the buffer has): write them there and say how many by
  // `advance`.
  unsigned char* room(size_t size) {
    if (size > capacity_ - size_) flush();
    return buffer_ + size_;
  }
  void advance(size_t size) { size_ += size; }
  size_t max_room() const { return capacity_; }

  // Gives everything to the sink. Returns ok().
  bool flush();

  // The sum of all bytes written so far; 0 if it was not wanted when the first was written.
  uint64_t checksum();
  void set_checksum(bool wanted) { wants_checksum_ = wanted; }

 private:
  void write_large(const void* from, size_t size);
  void sum_up();
  bool pass_on(const unsigned char* from, size_t size);

  unsigned char* buffer_;
  size_t capacity_;
  size_t size_ = 0;
  size_t summed_ = 0;  // so many bytes of the buffer are in `crc_`
  ByteSink& sink_;
  int error_ = 0;
  bool wants_checksum_ = true;
  uint64_t crc_ = 0;
  uint64_t flushed_bytes_ = 0;
  uint64_t next_progress_ = UINT64_MAX;
  uint64_t progress_every_ = 0;
  std::function<bool(uint64_t)> progress_;
};

}  // namespace spinel::persistence
