// A master's whole data, as it sends them: an RDB file, received into a file or loaded from the
// connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/file/byte_sink.h"
#include "persistence/file/byte_source.h"
#include "persistence/file/file_system.h"

namespace spinel::persistence {
class ByteReader;
}
namespace spinel::storage {
class Keyspace;
}
namespace spinel::server {
class Server;
namespace net {
class EventLoop;
class OutgoingLink;
}  // namespace net
namespace resp {
class InputBuffer;
}
}  // namespace spinel::server

namespace spinel::cluster {

// How the end of a copy is known: by its size, or by a mark of 40 characters behind it.
struct CopyForm {
  uint64_t size_bytes = 0;
  std::string mark;  // empty: the size counts

  // Of the line before a copy: "$1234" or "$EOF:<mark>". Nothing if it is none.
  static std::optional<CopyForm> parse(std::string_view line);
};

// A copy that is received into a temporary file in the server's directory.
class ReceivedCopy {
 public:
  ReceivedCopy(server::Server& server, CopyForm form);
  // Removes the file unless it was installed.
  ~ReceivedCopy();
  ReceivedCopy(const ReceivedCopy&) = delete;
  ReceivedCopy& operator=(const ReceivedCopy&) = delete;

  // Makes the file. False after an error, which `error` tells.
  bool open();
  // Takes what of `bytes` belongs to the copy; returns how many. Look at `error` afterwards.
  size_t take(std::string_view bytes);
  bool complete() const { return is_complete_; }
  const std::string& error() const { return error_; }
  uint64_t received_bytes() const { return received_bytes_; }
  uint64_t file_bytes() const { return file_bytes_; }
  // Checks the file, syncs it and gives it the name `path`. False after an error: then what had
  // that name is still there.
  bool install(const std::string& path);

 private:
  void write(std::string_view bytes);
  void add_to_checksum(std::string_view bytes);
  bool check();
  bool fail(const persistence::FileError& error);

  server::Server& server_;
  const CopyForm form_;
  std::string temporary_path_;  // empty: there is no file
  persistence::File file_;
  std::unique_ptr<persistence::FileSink> sink_;
  uint64_t received_bytes_ = 0;
  uint64_t file_bytes_ = 0;
  bool is_complete_ = false;
  std::string held_;  // the last bytes, which may be the mark
  std::string head_;  // the first bytes of the file
  std::string tail_;  // its last ones, which are not in `crc_`
  uint64_t crc_ = 0;
  std::string error_;
};

// Reads a copy from the connection, serving events while it waits.
class LinkSource final : public persistence::ByteSource {
 public:
  // `input` is what was read from `link` before. Ends after `size_bytes`, or never if that is
  // nothing. Gives up when `keep_going` returns false, or nothing came for `repl-timeout`.
  LinkSource(server::Server& server, server::net::EventLoop& loop, server::net::OutgoingLink& link,
             server::resp::InputBuffer& input, std::optional<uint64_t> size_bytes,
             std::function<bool()> keep_going)
      : server_(server),
        loop_(loop),
        link_(link),
        input_(input),
        size_bytes_(size_bytes),
        keep_going_(std::move(keep_going)) {}

  ReadResult read(void* to, size_t size) override;
  std::optional<uint64_t> total_bytes() const override { return size_bytes_; }
  uint64_t read_bytes() const { return read_bytes_; }

 private:
  server::Server& server_;
  server::net::EventLoop& loop_;
  server::net::OutgoingLink& link_;
  server::resp::InputBuffer& input_;
  const std::optional<uint64_t> size_bytes_;
  const std::function<bool()> keep_going_;
  uint64_t read_bytes_ = 0;
};

struct LoadedCopy {
  bool ok = false;
  std::string cause;  // if not
  int database = 0;   // that the stream behind it begins with
};
// Loads a copy into `keyspace`. `keep_going` is asked often, and events are served.
LoadedCopy load_copy(server::Server& server, persistence::ByteReader& reader,
                     storage::Keyspace& keyspace, bool verify_checksum,
                     std::function<bool()> keep_going);

}  // namespace spinel::cluster
