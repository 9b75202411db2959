#include "server/resp/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "storage/base/assert.h"
#include "storage/base/numbers.h"
#include "storage/base/split_args.h"

namespace spinel::server::resp {

namespace {

// The end of the line that starts at `from`, or npos: the position of its CR.
size_t line_end(std::string_view input, size_t from) {
  return input.find('\r', from);
}

// Reads a length and its CRLF at `at` and moves behind them. Returns -1 and stays if they are not
// all there or anything but plain: then the exact way finds out what it is.
inline int64_t read_plain_length(const char*& at, const char* end) {
  constexpr ptrdiff_t kMaxDigits = 9;
  const char* p = at;
  int64_t value = 0;
  while (p < end && p - at < kMaxDigits && *p >= '0' && *p <= '9')
    value = value * 10 + (*p++ - '0');
  if (p == at || end - p < 2 || *p != '\r' || (*at == '0' && p - at > 1)) return -1;
  at = p + 2;
  return value;
}

}  // namespace

// The whole of a well-formed request that is all there, which nearly all are. Anything else is left
// to `parse`, and `args` as it was.
bool RequestParser::parse_plain(std::string_view input, const RequestLimits& limits,
                                std::vector<std::string_view>& args, size_t& consumed) {
  if (input.empty() || input[0] != '*' || !limits.authenticated) return false;
  const size_t first = args.size();
  const char* at = input.data() + 1;
  const char* const end = input.data() + input.size();
  for (int64_t left = read_plain_length(at, end); left > 0; --left) {
    if (at == end || *at != '$') break;
    ++at;
    const int64_t size = read_plain_length(at, end);
    if (size < 0 || static_cast<uint64_t>(size) > limits.max_bulk_bytes || end - at < size + 2)
      break;
    args.emplace_back(at, static_cast<size_t>(size));
    at += size + 2;
    if (left == 1) {
      consumed = static_cast<size_t>(at - input.data());
      return true;
    }
  }
  args.resize(first);
  return false;
}

using storage::RawString;

RequestParser::~RequestParser() {
  reset();
  forget_arguments();
}

void RequestParser::reset() {
  position_ = 0;
  arguments_left_ = 0;
  bulk_size_ = -1;
  expected_bytes_ = 0;
  argument_bytes_ = 0;
  if (large_ != nullptr) RawString::destroy(std::exchange(large_, nullptr));
  received_ = 0;
  free_blocks(pending_blocks_);
  read_.clear();
  if (read_.capacity() > kKeptArguments) read_.shrink_to_fit();
}

RequestParser::Status RequestParser::fail(std::string_view text) {
  error_ = "Protocol error: ";
  error_ += text;
  return Status::kError;
}

RequestParser::Status RequestParser::suspend() {
  expected_bytes_ = bulk_size_ >= 0 && large_ == nullptr ? position_ + bulk_bytes() : 0;
  return Status::kIncomplete;
}

size_t RequestParser::unparsed_bytes(size_t input_bytes) const {
  if (large_ != nullptr) return received_;
  const size_t end = expected_bytes_ == 0 ? input_bytes : std::min(input_bytes, expected_bytes_);
  return end - std::min(end, position_);
}

std::span<char> RequestParser::large_room(std::string_view input) {
  SPINEL_ASSERT(expects_large());
  const size_t all = bulk_bytes();
  if (large_ == nullptr) {
    const std::string_view arrived = input.substr(position_);
    SPINEL_ASSERT(arrived.size() < all);
    large_ = RawString::create(0, std::min(all, std::max(kFirstRoom, 2 * arrived.size())));
    std::memcpy(large_->bytes(), arrived.data(), arrived.size());
    received_ = arrived.size();
    expected_bytes_ = 0;
  } else if (received_ == large_->capacity) {
    large_ = RawString::reserve(large_, std::min(all, 2 * received_));
  }
  return {large_->bytes() + received_, std::min(all, large_->capacity) - received_};
}

RawString* RequestParser::take_block(std::string_view argument) {
  const auto found = std::ranges::find_if(blocks_, [argument](const RawString* block) {
    return block->bytes() == argument.data() && block->size == argument.size();
  });
  if (found == blocks_.end()) return nullptr;
  RawString* block = *found;
  block_bytes_ -= block->allocated_bytes();
  blocks_.erase(found);
  return block;
}

void RequestParser::free_blocks(Blocks& blocks) {
  for (RawString* block : blocks) {
    block_bytes_ -= block->allocated_bytes();
    RawString::destroy(block);
  }
  blocks = {};
}

RequestParser::Status RequestParser::parse_array_header(std::string_view input,
                                                        const RequestLimits& limits) {
  const size_t end = line_end(input, 0);
  if (end == std::string_view::npos || end + 1 >= input.size()) {
    if (input.size() > kMaxInlineBytes) return fail("too big mbulk count string");
    return Status::kIncomplete;
  }
  const auto count = storage::parse_int64(input.substr(1, end - 1));
  if (!count || *count > std::numeric_limits<int32_t>::max()) {
    return fail("invalid multibulk length");
  }
  if (*count > kMaxUnauthenticatedArguments && !limits.authenticated) {
    return fail("unauthenticated multibulk length");
  }
  position_ = end + 2;
  arguments_left_ = *count > 0 ? *count : 0;
  return Status::kRequest;
}

RequestParser::Status RequestParser::parse(std::string_view input, const RequestLimits& limits,
                                           std::vector<std::string_view>& args, size_t& consumed) {
  if (arguments_left_ == 0) {
    if (parse_plain(input, limits, args, consumed)) return Status::kRequest;
    if (input.empty()) return Status::kIncomplete;
    if (input[0] != '*') return parse_inline(input, args, consumed);
    const Status header = parse_array_header(input, limits);
    if (header != Status::kRequest) return header;
  }
  const Status status = parse_bulks(input, limits);
  if (status != Status::kRequest) return status;
  args.reserve(args.size() + read_.size());
  for (const Argument& argument : read_) {
    args.push_back((argument.offset & kInBlock) == 0
                       ? input.substr(argument.offset, argument.size)
                       : pending_blocks_[argument.offset - kInBlock]->view());
  }
  blocks_.insert(blocks_.end(), pending_blocks_.begin(), pending_blocks_.end());
  pending_blocks_.clear();
  consumed = position_;
  reset();
  return Status::kRequest;
}

// Reads the arguments that are left, as far as they have arrived.
RequestParser::Status RequestParser::parse_bulks(std::string_view input,
                                                 const RequestLimits& limits) {
  for (; arguments_left_ > 0; --arguments_left_) {
    if (bulk_size_ < 0) {
      const size_t end = line_end(input, position_);
      if (end == std::string_view::npos || end + 1 >= input.size()) {
        if (input.size() - position_ > kMaxInlineBytes) return fail("too big bulk count string");
        return suspend();
      }
      if (input[position_] != '$') {
        const char got[] = {'e', 'x',  'p', 'e', 'c', 't', 'e', 'd', ' ',  '\'',
                            '$', '\'', ',', ' ', 'g', 'o', 't', ' ', '\'', input[position_],
                            '\''};
        return fail({got, sizeof got});
      }
      const auto size = storage::parse_int64(input.substr(position_ + 1, end - position_ - 1));
      if (!size || *size < 0 || static_cast<uint64_t>(*size) > limits.max_bulk_bytes) {
        return fail("invalid bulk length");
      }
      if (*size > kMaxUnauthenticatedBulk && !limits.authenticated) {
        return fail("unauthenticated bulk length");
      }
      bulk_size_ = *size;
      position_ = end + 2;
    }
    const auto size = static_cast<size_t>(bulk_size_);
    if (large_ != nullptr) {
      if (received_ < bulk_bytes()) return suspend();
      large_->size = size;
      block_bytes_ += large_->allocated_bytes();
      read_.push_back({kInBlock + pending_blocks_.size(), size});
      pending_blocks_.push_back(std::exchange(large_, nullptr));
      received_ = 0;
    } else {
      if (input.size() < position_ + size + 2) return suspend();
      read_.push_back({position_, size});
      position_ += size + 2;  // the CRLF is taken on trust, as Redis does
    }
    argument_bytes_ += size;
    bulk_size_ = -1;
  }
  return Status::kRequest;
}

RequestParser::Status RequestParser::parse_inline(std::string_view input,
                                                  std::vector<std::string_view>& args,
                                                  size_t& consumed) {
  const size_t newline = input.find('\n');
  // Redis looks for the end of the line no further than the first zero byte, and so waits for more.
  const bool cut_short = input.substr(0, newline).find('\0') != std::string_view::npos;
  if (newline == std::string_view::npos || cut_short) {
    if (input.size() > kMaxInlineBytes) return fail("too big inline request");
    return Status::kIncomplete;
  }
  std::string_view line = input.substr(0, newline);
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto words = storage::split_args(line);
  if (!words) return fail("unbalanced quotes in request");
  for (std::string& word : *words) {
    args.push_back(inline_arguments_.emplace_back(std::move(word)));
  }
  consumed = newline + 1;
  return Status::kRequest;
}

}  // namespace spinel::server::resp
