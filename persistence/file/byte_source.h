// Where bytes are read from: a file, or whatever else implements this (a socket with the master's
// snapshot). ByteReader buffers them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace spinel::persistence {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  struct ReadResult {
    size_t bytes;  // 0 without an error: the end
    int error;     // an errno, or 0
  };
  // Reads at least one byte and up to `size`, which is not 0, unless the end or an error comes
  // first. May block.
  virtual ReadResult read(void* to, size_t size) = 0;

  // How many bytes there are from where reading began, if that is known: sizes that the data claim
  // are checked against it before memory is asked for.
  virtual std::optional<uint64_t> total_bytes() const { return std::nullopt; }
};

class File;

// A file that is open for reading, from where it stands on. The file outlives the source.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(File& file);

  ReadResult read(void* to, size_t size) override;
  std::optional<uint64_t> total_bytes() const override { return total_bytes_; }

 private:
  File& file_;
  std::optional<uint64_t> total_bytes_;  // unknown of what is no regular file
};

}  // namespace spinel::persistence
