// Where bytes are written to: a file, a string, or whatever else implements this (the sockets of
// replicas). ByteWriter buffers them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace spinel::persistence {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Writes all of it; may block. Returns 0, or an errno: then nothing may be written any more.
  virtual int write(const void* from, size_t size) = 0;
};

class File;

// A file that is open for writing, from where it stands on. The file outlives the sink.
class FileSink final : public ByteSink {
 public:
  // After each `sync_every_bytes` (0: never) what was written begins to go to the disk, and what
  // began the time before is waited for. So the final fsync, which is still needed, finds little to
  // do, and the writes of others are not held up by it.
  explicit FileSink(File& file, size_t sync_every_bytes = 0);

  int write(const void* from, size_t size) override;

 private:
  // Starts writing back what came since the last call. Returns 0 or an errno.
  int write_back();

  File& file_;
  size_t sync_every_bytes_;
  uint64_t begin_;              // where in the file it began
  uint64_t written_bytes_ = 0;  // since then
  uint64_t on_its_way_ = 0;     // so many of them are being written back
  uint64_t on_disk_ = 0;        // so many of those were waited for
};

// Appends to a string.
class StringSink final : public ByteSink {
 public:
  explicit StringSink(std::string& to) : to_(to) {}

  int write(const void* from, size_t size) override {
    to_.append(static_cast<const char*>(from), size);
    return 0;
  }

 private:
  std::string& to_;
};

}  // namespace spinel::persistence
