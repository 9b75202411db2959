// Reads requests from the bytes a client sent: RESP arrays of bulk strings, and inline commands.
// Specification: the RESP protocol as published by Redis; limits and error texts are Redis 7.2's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/types/string.h"

namespace spinel::server::resp {

struct RequestLimits {
  uint64_t max_bulk_bytes = 512ull << 20;
  // A client that has not authenticated yet may send only small requests.
  bool authenticated = true;
};

// How far a request that is still incomplete has been read.
struct PartialRequest {
  size_t bytes = 0;           // up to the end of its last whole argument or header
  size_t argument_bytes = 0;  // in whole arguments
  size_t memory_bytes = 0;  // that the parser holds to remember where they are, and for large ones
};

// Parses one request at a time. Arguments are views into the input, except those of inline
// commands, which are unquoted, and large ones of which the input did not hold all: those live in
// the parser until `forget_arguments`.
//
// A request that is incomplete is resumed where it stopped: resuming takes time for the new bytes
// only, however many arguments came before. For that the caller must keep the unconsumed input and
// pass it again from its first byte, with more behind it; it may move in memory.
//
// A large argument can be received into memory that may then become a value without being copied:
//
//   if (parser.expects_large()) {
//     std::span<char> room = parser.large_room(input);  // takes over what `input` holds of it
//     input.truncate(parser.partial_request().bytes);
//     parser.commit_large(read(room));
//   }
class RequestParser {
 public:
  RequestParser() = default;
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class Status : uint8_t {
    kRequest,     // a request was read; it has no arguments if it was empty, which is not an error
    kIncomplete,  // more input is needed
    kError,       // the connection is to be closed after `error()` was sent
  };

  // Reads the request at the start of `input`. On kRequest appends its arguments to `args` and sets
  // `consumed` to the number of bytes it took.
  Status parse(std::string_view input, const RequestLimits& limits,
               std::vector<std::string_view>& args, size_t& consumed);

  // "Protocol error: ...", after kError.
  std::string_view error() const { return error_; }
  // How many bytes of input the pending request takes at least, as far as is known; 0 if unknown.
  size_t expected_bytes() const { return expected_bytes_; }
  PartialRequest partial_request() const {
    return {position_, argument_bytes_, read_.capacity() * sizeof(Argument) + block_bytes_};
  }
  // Of `input_bytes` of input, and of what was received of a large argument, how much is no whole
  // argument yet. What lies behind the argument that is under way does not count.
  size_t unparsed_bytes(size_t input_bytes) const;
  // Forgets a partly parsed request, because the input it was read from is gone or will be read
  // again.
  void reset();
  void forget_arguments() {
    inline_arguments_.clear();
    if (!blocks_.empty()) [[unlikely]]
      free_blocks(blocks_);
  }

  // --- large arguments
  // Whether the rest of a large argument comes next.
  bool expects_large() const {
    return bulk_size_ >= static_cast<int64_t>(kLeastLarge) && received_ < bulk_bytes();
  }
  // Where it goes, as far as there is room: memory grows as it arrives. Takes over what `input`
  // holds of it behind `partial_request().bytes`; the caller must drop that.
  std::span<char> large_room(std::string_view input);
  void commit_large(size_t bytes) { received_ += bytes; }
  // Received of an argument that is not whole yet, and the memory that it has.
  size_t large_received_bytes() const { return received_; }
  size_t large_capacity() const { return large_ == nullptr ? 0 : large_->allocated_bytes(); }
  // Hands over the memory that holds `argument` of a request that was read. Null if that is part of
  // the input. Once it was handed over, the argument is valid as long as the new owner leaves it.
  storage::RawString* take_block(std::string_view argument);

  static constexpr size_t kMaxInlineBytes = 64 * 1024;
  static constexpr int64_t kMaxUnauthenticatedArguments = 10;
  static constexpr int64_t kMaxUnauthenticatedBulk = 16384;
  // Arguments of at least this size are large.
  static constexpr size_t kLeastLarge = 32 * 1024;

 private:
  // Of `read_` this much stays allocated between requests.
  static constexpr size_t kKeptArguments = 32;

  struct Argument {
    size_t offset;  // in the input, or kInBlock + the index in `pending_blocks_`
    size_t size;
  };
  static constexpr size_t kInBlock = size_t{1} << 63;
  // A large argument is given so much room before any of it has arrived.
  static constexpr size_t kFirstRoom = 256 * 1024;
  using Blocks = std::vector<storage::RawString*>;

  static bool parse_plain(std::string_view input, const RequestLimits& limits,
                          std::vector<std::string_view>& args, size_t& consumed);
  Status parse_inline(std::string_view input, std::vector<std::string_view>& args,
                      size_t& consumed);
  Status parse_array_header(std::string_view input, const RequestLimits& limits);
  Status parse_bulks(std::string_view input, const RequestLimits& limits);
  Status suspend();
  void free_blocks(Blocks& blocks);
  // Of the argument under way, with its CRLF.
  size_t bulk_bytes() const { return static_cast<size_t>(bulk_size_) + 2; }
  Status fail(std::string_view text);

  size_t position_ = 0;         // where to go on in the input
  int64_t arguments_left_ = 0;  // of the array being read; 0: at the start of a request
  int64_t bulk_size_ = -1;      // of the argument being read; -1: its header comes next
  std::vector<Argument> read_;  // arguments of a request that did not arrive in one piece
  size_t argument_bytes_ = 0;   // in `read_`
  size_t expected_bytes_ = 0;
  storage::RawString* large_ = nullptr;      // holds the argument under way, if that is large
  size_t received_ = 0;                      // bytes in it
  Blocks pending_blocks_;                    // large arguments in `read_`
  Blocks blocks_;                            // those of requests that were read
  size_t block_bytes_ = 0;                   // in both, as allocated
  std::list<std::string> inline_arguments_;  // allocates nothing while it is empty
  std::string error_;
};

}  // namespace spinel::server::resp
