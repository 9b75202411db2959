// A full copy of the data on its way to one replica, and where its bytes come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "persistence/file/file_system.h"
#include "storage/base/byte_log.h"

namespace spinel::cluster {

class CopyFeed {
 public:
  virtual ~CopyFeed() = default;
  // The next bytes in one piece; empty if there are none now. Valid until `consume`.
  virtual std::string_view peek() = 0;
  virtual void consume(size_t bytes) = 0;
  // Whether there is something to send now.
  virtual bool has_bytes() const = 0;
  // Whether all was consumed.
  virtual bool done() const = 0;
  // Whether it cannot be read to its end.
  virtual bool failed() const { return false; }
  // Bytes in all; 0 if that is not known yet.
  virtual uint64_t total_bytes() const { return 0; }
};

// A snapshot file: "$length" and its bytes.
class FileCopy final : public CopyFeed {
 public:
  // Returns null if the file cannot be opened; logs why.
  static std::unique_ptr<FileCopy> open(const std::string& path);

  std::string_view peek() override;
  void consume(size_t bytes) override { begin_ += bytes; }
  bool has_bytes() const override { return !done() && !failed_; }
  bool done() const override { return left_bytes_ == 0 && begin_ == buffer_.size(); }
  bool failed() const override { return failed_; }
  uint64_t total_bytes() const override { return size_bytes_; }

 private:
  FileCopy(persistence::File file, uint64_t size_bytes);

  persistence::File file_;
  uint64_t size_bytes_;
  uint64_t left_bytes_;  // not read from the file yet
  std::string buffer_;
  size_t begin_ = 0;  // so many bytes of the buffer were consumed
  bool failed_ = false;
};

// What a child writes into a pipe, for all replicas of one copy: each byte is kept until all have
// sent it.
struct CopyStream {
  storage::ByteLog log;
  bool complete = false;  // nothing follows
};

// One replica's place in it.
class StreamCopy final : public CopyFeed {
 public:
  explicit StreamCopy(std::shared_ptr<CopyStream> stream)
      : stream_(std::move(stream)), reader_(stream_->log) {}

  std::string_view peek() override { return reader_.peek(); }
  void consume(size_t bytes) override { reader_.advance(bytes); }
  bool has_bytes() const override { return pending_bytes() > 0; }
  bool done() const override { return stream_->complete && reader_.available() == 0; }
  uint64_t pending_bytes() const { return reader_.available(); }
  bool is_of(const CopyStream& stream) const { return stream_.get() == &stream; }

 private:
  std::shared_ptr<CopyStream> stream_;
  storage::ByteLog::Reader reader_;
};

}  // namespace spinel::cluster
