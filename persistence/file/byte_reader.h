// Reads bytes through a buffer, with the sum of what was read (CRC-64) and the position of what is
// being read.
//
// The first error stays: from then on every read fails, numbers are 0 and views empty. So whoever
// reads several things may ask for `ok()` once, before using them; loops ask each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/file/byte_source.h"
#include "storage/base/bytes.h"

namespace spinel::persistence {

struct ReadError {
  uint64_t offset = 0;  // of the byte at which it was noticed
  std::string cause;    // empty: there is none
  // The bytes are sound as far as one can tell, but what they hold is not supported here.
  bool is_unsupported = false;
};

class ByteReader {
 public:
  static constexpr size_t kDefaultBuffer = size_t{1} << 18;

  // Reads from memory, which stays where it is; nothing is copied.
  explicit ByteReader(std::string_view memory);
  // Reads from `source`, which outlives the reader.
  explicit ByteReader(ByteSource& source, size_t buffer_bytes = kDefaultBuffer);
  ~ByteReader();
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  bool ok() const { return !failed_; }
  const ReadError& error() const { return error_; }
  // Notes an error at the current position, or at `offset`, unless there is one already. Returns
  // false, so that it can be returned.
  bool fail(std::string cause) { return fail_at(position(), std::move(cause)); }
  bool fail_at(uint64_t offset, std::string cause);
  // The same for what is sound, but not supported here.
  bool refuse(std::string cause) { return refuse_at(position(), std::move(cause)); }
  bool refuse_at(uint64_t offset, std::string cause);
  // Puts the place in front of the cause of the error there is, unless reading was stopped.
  void explain(const std::string& place) {
    if (!stopped_) error_.cause = place + ": " + error_.cause;
  }
  // Notes that the error there is may come from what is not supported here.
  void doubt_error() { error_.is_unsupported = !stopped_; }
  // Ends reading as the progress function does. Returns false.
  bool stop() {
    stopped_ = !failed_;
    return fail("stopped");
  }
  // Whether the progress function, or `stop`, ended reading.
  bool stopped() const { return stopped_; }

  // Bytes read so far.
  uint64_t position() const { return begin_offset_ + static_cast<uint64_t>(at_ - buffer_); }
  // Bytes in all, if known.
  std::optional<uint64_t> total_bytes() const { return total_bytes_; }
  // Whether so many bytes may follow, as far as one can know.
  bool may_hold(uint64_t bytes) const {
    return !total_bytes_ || (position() <= *total_bytes_ && bytes <= *total_bytes_ - position());
  }
  // An upper bound for elements of at least `element_bytes` each that may follow; `claimed` where
  // that is less. What of them to make room for: of a source that does not tell its size, a few.
  size_t plausible_count(uint64_t claimed, size_t element_bytes) const;

  // Calls `progress(position)` whenever about `every_bytes` were read, also within what is large.
  // If it returns false, reading fails with "stopped". Null: nobody is told.
  void set_progress(std::function<bool(uint64_t)> progress, uint64_t every_bytes);

  // --- reading
  // The next byte; 0 after an error.
  uint8_t byte() {
    if (at_ == end_ && !refill(1)) return 0;
    return *at_++;
  }
  // A number of sizeof(T) bytes, little endian.
  template <typename T>
  T number() {
    const unsigned char* from = take(sizeof(T));
    return from == nullptr ? T{} : storage::load_unaligned<T>(from);
  }
  // The next `size` bytes, up to `max_take()`, in one piece; null after an error. Valid until the
  // next read.
  const unsigned char* take(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size && !refill(size)) return nullptr;
    const unsigned char* taken = at_;
    at_ += size;
    return taken;
  }
  size_t max_take() const { return capacity_; }
  // Any number of bytes to `to`; false after an error.
  bool read(void* to, size_t size);
  // The same, appended to `to`, which grows as bytes arrive and not before.
  bool append(std::string& to, uint64_t size);
  bool skip(uint64_t size);
  // From one byte to `size`, which is not 0, as many as are at hand; 0 at the end, which is no
  // error here, and after an error.
  size_t read_some(void* to, size_t size);

  // --- the sum of all bytes read so far, from the last call of start_checksum() on
  void start_checksum(bool wanted);
  uint64_t checksum();

 private:
  bool refill(size_t needed);
  bool read_directly(unsigned char* to, size_t size);
  // Counts the bytes before `at_` in the sum.
  void sum_up();
  bool report_progress();

  unsigned char* buffer_ = nullptr;
  unsigned char* at_ = nullptr;
  unsigned char* end_ = nullptr;
  unsigned char* summed_ = nullptr;  // bytes before it are in `crc_`
  size_t capacity_;
  uint64_t begin_offset_ = 0;  // position of the first byte in the buffer
  ByteSource* source_ = nullptr;
  std::optional<uint64_t> total_bytes_;
  bool wants_checksum_ = false;
  bool failed_ = false;
  bool stopped_ = false;
  uint64_t crc_ = 0;
  uint64_t next_progress_ = UINT64_MAX;
  uint64_t progress_every_ = 0;
  std::function<bool(uint64_t)> progress_;
  ReadError error_;
};

}  // namespace spinel::persistence
