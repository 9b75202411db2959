// Reads requests from the bytes a client sent: RESP arrays of bulk strings, and inline commands.
// Specification: the RESP protocol as published by Redis; limits and error texts are Redis 7.2's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

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
  size_t memory_bytes = 0;    // that the parser holds to remember where they are
};

// Parses one request at a time. Arguments are views into the input, except those of inline
// commands, which are unquoted and live in the parser until `forget_inline_arguments`.
//
// A request that is incomplete is resumed where it stopped: resuming takes time for the new bytes
// only, however many arguments came before. For that the caller must keep the unconsumed input and
// pass it again from its first byte, with more behind it; it may move in memory.
class RequestParser {
 public:
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
    return {position_, argument_bytes_, read_.capacity() * sizeof(Argument)};
  }
  // Forgets a partly parsed request, because the input it was read from is gone or will be read
  // again.
  void reset();
  void forget_inline_arguments() { inline_arguments_.clear(); }

  static constexpr size_t kMaxInlineBytes = 64 * 1024;
  static constexpr int64_t kMaxUnauthenticatedArguments = 10;
  static constexpr int64_t kMaxUnauthenticatedBulk = 16384;

 private:
  // Of `read_` this much stays allocated between requests.
  static constexpr size_t kKeptArguments = 32;

  struct Argument {
    size_t offset;
    size_t size;
  };

  static bool parse_plain(std::string_view input, const RequestLimits& limits,
                          std::vector<std::string_view>& args, size_t& consumed);
  Status parse_inline(std::string_view input, std::vector<std::string_view>& args,
                      size_t& consumed);
  Status parse_array_header(std::string_view input, const RequestLimits& limits);
  Status parse_bulks(std::string_view input, const RequestLimits& limits);
  Status suspend();
  Status fail(std::string_view text);

  size_t position_ = 0;         // where to go on in the input
  int64_t arguments_left_ = 0;  // of the array being read; 0: at the start of a request
  int64_t bulk_size_ = -1;      // of the argument being read; -1: its header comes next
  std::vector<Argument> read_;  // arguments of a request that did not arrive in one piece
  size_t argument_bytes_ = 0;   // in `read_`
  size_t expected_bytes_ = 0;
  std::list<std::string> inline_arguments_;  // allocates nothing while it is empty
  std::string error_;
};

}  // namespace spinel::server::resp
