#include "server/resp/request_parser.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spinel::server::resp {
namespace {

using Request = std::vector<std::string>;

// What came of some input: the requests, and then the error or what is left of the input.
struct Outcome {
  std::vector<Request> requests;
  std::string error;
  std::string rest;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  for (const Request& request : outcome.requests) {
    out << '[';
    for (const std::string& argument : request) out << testing::PrintToString(argument) << ' ';
    out << "] ";
  }
  return out << "error " << outcome.error << " rest " << testing::PrintToString(outcome.rest);
}

// Parses `input`, of which ever more arrives: all up to each of `ends` (ascending), then the rest.
// As in a connection, what was consumed goes away, and what is left is somewhere else every time.
Outcome parse(std::string_view input, std::vector<size_t> ends = {},
              const RequestLimits& limits = {}) {
  Outcome outcome;
  RequestParser parser;
  ends.push_back(input.size());
  size_t consumed_in_all = 0;
  for (const size_t end : ends) {
    for (;;) {
      const std::string moved(input.substr(consumed_in_all, end - consumed_in_all));
      std::vector<std::string_view> args;
      size_t consumed = 0;
      const auto status = parser.parse(moved, limits, args, consumed);
      if (status == RequestParser::Status::kError) {
        outcome.error = parser.error();
        return outcome;
      }
      if (status == RequestParser::Status::kIncomplete) {
        EXPECT_TRUE(args.empty());
        EXPECT_LE(parser.partial_request().bytes, moved.size());
        break;
      }
      outcome.requests.emplace_back(args.begin(), args.end());
      parser.forget_arguments();
      consumed_in_all += consumed;
    }
  }
  outcome.rest = input.substr(consumed_in_all);
  return outcome;
}

// Every way to cut `input` once and, if it is short, twice; then byte by byte.
void expect_same_at_every_split(std::string_view input, const Outcome& expected,
                                const RequestLimits& limits = {}) {
  constexpr size_t kShort = 64;
  ASSERT_EQ(parse(input, {}, limits), expected) << testing::PrintToString(std::string(input));
  std::vector<size_t> each;
  for (size_t first = 0; first <= input.size(); ++first) {
    each.push_back(first);
    ASSERT_EQ(parse(input, {first}, limits), expected)
        << testing::PrintToString(std::string(input)) << " cut at " << first;
    if (input.size() > kShort) continue;
    for (size_t second = first; second <= input.size(); ++second) {
      ASSERT_EQ(parse(input, {first, second}, limits), expected)
          << testing::PrintToString(std::string(input)) << " cut at " << first << " and " << second;
    }
  }
  ASSERT_EQ(parse(input, each, limits), expected) << "byte by byte";
}

std::string multibulk(const Request& request) {
  std::string bytes = "*" + std::to_string(request.size()) + "\r\n";
  for (const std::string& argument : request) {
    bytes += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return bytes;
}

TEST(RequestParser, MultibulkRequests) {
  const std::vector<Request> requests = {
      {"PING"},
      {"SET", "key", "value"},
      {"SET", "", ""},
      {"GET", std::string("\0\r\n*1\r\n$4\r\nPING\r\n", 17)},
      {"MSET", "a", "1", "b", "22", "c", "333", "d", "4444", "e", "55555"},
      {"APPEND", "key", std::string(300, 'x')},
  };
  std::string all;
  for (const Request& request : requests) {
    expect_same_at_every_split(multibulk(request),
                               {.requests = {request}, .error = {}, .rest = {}});
    all += multibulk(request);
  }
  expect_same_at_every_split(all, {.requests = requests, .error = {}, .rest = {}});
}

TEST(RequestParser, EmptyRequests) {
  const Request ping = {"PING"};
  for (const char* empty : {"*0\r\n", "*-1\r\n", "*-5\r\n", "\r\n", "\n", "   \r\n"}) {
    expect_same_at_every_split(empty + multibulk(ping),
                               {.requests = {{}, ping}, .error = {}, .rest = {}});
  }
}

TEST(RequestParser, InlineRequests) {
  const struct {
    std::string line;
    Request request;
  } cases[] = {
      {"PING", {"PING"}},
      {"  SET  key\tvalue ", {"SET", "key", "value"}},
      {R"(SET "a b" 'c d')", {"SET", "a b", "c d"}},
      {R"(SET "\x41\n\"" 'it\'s')", {"SET", "A\n\"", "it's"}},
      {"SET \"\" ''", {"SET", "", ""}},
      {"$3", {"$3"}},
  };
  std::string all;
  std::vector<Request> requests;
  for (const auto& [line, request] : cases) {
    for (const char* end : {"\r\n", "\n"}) {
      expect_same_at_every_split(line + end, {.requests = {request}, .error = {}, .rest = {}});
      all += line + end + multibulk(request);
      requests.insert(requests.end(), 2, request);
    }
  }
  expect_same_at_every_split(all, {.requests = requests, .error = {}, .rest = {}});
}

TEST(RequestParser, WhatIsIncompleteStays) {
  const Request ping = {"PING"};
  for (const char* rest :
       {"*", "*2\r", "*2\r\n", "*2\r\n$3\r\nGET\r\n", "*2\r\n$3\r\nGET\r\n$5\r\nab",
        "*1\r\n$4\r\nPING\r", "PING", "PING\r", "SET \"a"}) {
    expect_same_at_every_split(multibulk(ping) + rest,
                               {.requests = {ping}, .error = {}, .rest = rest});
  }
}

TEST(RequestParser, Errors) {
  const struct {
    const char* input;
    const char* error;
  } cases[] = {
      {"*x\r\n", "invalid multibulk length"},
      {"*\r\n", "invalid multibulk length"},
      {"* 1\r\n", "invalid multibulk length"},
      {"*01\r\n", "invalid multibulk length"},
      {"*2147483648\r\n", "invalid multibulk length"},
      {"*99999999999999999999\r\n", "invalid multibulk length"},
      {"*1\r\n+PING\r\n", "expected '$', got '+'"},
      {"*1\r\n\r\n", "expected '$', got '\r'"},
      {"*2\r\n$3\r\nGET\r\n:1\r\n", "expected '$', got ':'"},
      {"*1\r\n$x\r\n", "invalid bulk length"},
      {"*1\r\n$-1\r\n", "invalid bulk length"},
      {"*1\r\n$\r\n", "invalid bulk length"},
      {"*1\r\n$536870913\r\n", "invalid bulk length"},
      {"*2\r\n$3\r\nGET\r\n$4 \r\n", "invalid bulk length"},
      {"GET \"a\r\n", "unbalanced quotes in request"},
      {"GET 'a\n", "unbalanced quotes in request"},
      {"GET \"a\"b\r\n", "unbalanced quotes in request"},
  };
  const Request ping = {"PING"};
  for (const auto& [input, error] : cases) {
    const std::string text = std::string("Protocol error: ") + error;
    expect_same_at_every_split(input, {.requests = {}, .error = text, .rest = {}});
    expect_same_at_every_split(multibulk(ping) + input,
                               {.requests = {ping}, .error = text, .rest = {}});
  }
}

TEST(RequestParser, LimitsBeforeAuthentication) {
  const RequestLimits limits{.authenticated = false};
  const Request ten(10, "x");
  const Request eleven(11, "x");
  const Request large = {"AUTH", std::string(16384, 'x')};
  const Request too_large = {"AUTH", std::string(16385, 'x')};
  expect_same_at_every_split(multibulk(ten), {.requests = {ten}, .error = {}, .rest = {}}, limits);
  expect_same_at_every_split(
      multibulk(eleven),
      {.requests = {}, .error = "Protocol error: unauthenticated multibulk length", .rest = {}},
      limits);
  EXPECT_EQ(parse(multibulk(large), {20, 5000}, limits).requests, std::vector<Request>{large});
  expect_same_at_every_split(
      multibulk(too_large).substr(0, 100),
      {.requests = {}, .error = "Protocol error: unauthenticated bulk length", .rest = {}}, limits);
}

TEST(RequestParser, LimitOfBulks) {
  const RequestLimits limits{.max_bulk_bytes = 5};
  const Request fits = {"ECHO", "12345"};
  expect_same_at_every_split(multibulk(fits), {.requests = {fits}, .error = {}, .rest = {}},
                             limits);
  expect_same_at_every_split(
      multibulk({"ECHO", "123456"}),
      {.requests = {}, .error = "Protocol error: invalid bulk length", .rest = {}}, limits);
}

TEST(RequestParser, LinesThatNeverEnd) {
  const struct {
    std::string start;
    const char* error;
  } cases[] = {{"*", "too big mbulk count string"},
               {"*1\r\n$", "too big bulk count string"},
               {"PING ", "too big inline request"}};
  for (const auto& [start, error] : cases) {
    // The first line break is where a line that long begins to be refused, or behind it.
    const std::string fits =
        start + std::string(RequestParser::kMaxInlineBytes - start.size(), '1');
    EXPECT_EQ(parse(fits).error, "") << start;
    const std::string too_long = fits + std::string(start.size() + 1, '1');
    EXPECT_EQ(parse(too_long).error, std::string("Protocol error: ") + error);
    EXPECT_EQ(parse(too_long, {3, 1000, fits.size()}).error,
              std::string("Protocol error: ") + error);
  }
}

TEST(RequestParser, TellsHowMuchIsToCome) {
  RequestParser parser;
  std::vector<std::string_view> args;
  size_t consumed = 0;
  const std::string start = "*2\r\n$3\r\nSET\r\n$1000\r\nabc";
  ASSERT_EQ(parser.parse(start, {}, args, consumed), RequestParser::Status::kIncomplete);
  EXPECT_EQ(parser.expected_bytes(), start.size() - 3 + 1000 + 2);
  EXPECT_EQ(parser.partial_request().bytes, start.size() - 3);
  EXPECT_EQ(parser.partial_request().argument_bytes, 3U);
  EXPECT_GT(parser.partial_request().memory_bytes, 0U);
  parser.reset();
  EXPECT_EQ(parser.expected_bytes(), 0U);
  ASSERT_EQ(parser.parse("PING\r\n", {}, args, consumed), RequestParser::Status::kRequest);
  EXPECT_EQ(args, std::vector<std::string_view>{"PING"});
}

TEST(RequestParser, ResumingLooksAtNewBytesOnly) {
  constexpr size_t kArguments = 10'000;
  const std::string input = multibulk(Request(kArguments, "x"));
  RequestParser parser;
  std::vector<std::string_view> args;
  size_t consumed = 0;
  size_t size = input.size() - 20;
  ASSERT_EQ(parser.parse(std::string_view(input).substr(0, size), {}, args, consumed),
            RequestParser::Status::kIncomplete);
  args.shrink_to_fit();
  while (++size < input.size()) {
    ASSERT_EQ(parser.parse(std::string_view(input).substr(0, size), {}, args, consumed),
              RequestParser::Status::kIncomplete);
    ASSERT_EQ(args.capacity(), 0U) << "arguments that came before were copied";
  }
  EXPECT_GE(parser.partial_request().memory_bytes, kArguments * 16 - 100);
  ASSERT_EQ(parser.parse(input, {}, args, consumed), RequestParser::Status::kRequest);
  EXPECT_EQ(args, std::vector<std::string_view>(kArguments, "x"));
  EXPECT_EQ(consumed, input.size());
  EXPECT_LE(parser.partial_request().memory_bytes, 1024U) << "it goes back with the request";
}

// --- large arguments

// What a connection does: the rest of a large argument goes to memory of its own, in pieces of at
// most `step` bytes; all other input is kept.
struct LargeReader {
  explicit LargeReader(std::string_view wire_in, size_t step_in) : wire(wire_in), step(step_in) {}

  // Arguments are valid until the next call.
  RequestParser::Status read_request(std::vector<std::string_view>& args) {
    input.erase(0, std::exchange(done, 0));
    for (;;) {
      size_t consumed = 0;
      const auto status = parser.parse(input, {}, args, consumed);
      if (status != RequestParser::Status::kIncomplete) {
        done = consumed;
        return status;
      }
      if (wire.empty()) return status;
      if (parser.expects_large()) {
        const std::span<char> room = parser.large_room(input);
        input.resize(parser.partial_request().bytes);
        const size_t taken = std::min({room.size(), step, wire.size()});
        std::copy_n(wire.data(), taken, room.data());
        parser.commit_large(taken);
        wire.remove_prefix(taken);
        largest = std::max(largest, parser.large_capacity());
      } else {
        input += wire.substr(0, 1000);
        wire.remove_prefix(std::min<size_t>(wire.size(), 1000));
      }
    }
  }

  RequestParser parser;
  std::string_view wire;
  size_t step;
  std::string input;
  size_t done = 0;  // of `input`
  size_t largest = 0;
};

TEST(RequestParser, ReceivesLargeArgumentsIntoMemoryOfTheirOwn) {
  const std::string a(100'000, 'a');
  const std::string b(700'000, 'b');
  const std::vector<Request> requests = {
      {"SET", "key", a}, {"MSET", "k", a, "small", "x", b, "y"}, {"PING"}, {"GET", b}};
  std::string wire;
  for (const Request& request : requests) wire += multibulk(request);
  for (const size_t step : {997u, 65'536u, 10'000'000u}) {
    LargeReader reader(wire, step);
    for (const Request& request : requests) {
      std::vector<std::string_view> args;
      ASSERT_EQ(reader.read_request(args), RequestParser::Status::kRequest);
      ASSERT_TRUE(Request(args.begin(), args.end()) == request) << request[0];
      EXPECT_LE(reader.input.size(), 2000U) << "large ones are not kept twice";
      EXPECT_EQ(reader.parser.take_block(args[0]), nullptr);
      if (request.size() == 3) {
        storage::RawString* block = reader.parser.take_block(args[2]);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(block->view(), a);
        EXPECT_EQ(reader.parser.take_block(args[2]), nullptr);
        EXPECT_LE(reader.parser.partial_request().memory_bytes, 1024U) << "it is somebody else's";
        storage::RawString::destroy(block);
      }
      reader.parser.forget_arguments();
      EXPECT_LE(reader.parser.partial_request().memory_bytes, 1024U);
    }
    EXPECT_EQ(reader.done, reader.input.size());
    EXPECT_LT(reader.largest, 1'000'000U);
  }
}

TEST(RequestParser, AnnouncingALargeArgumentTakesLittle) {
  LargeReader reader("*2\r\n$4\r\nECHO\r\n$500000000\r\nabc", 1000);
  std::vector<std::string_view> args;
  ASSERT_EQ(reader.read_request(args), RequestParser::Status::kIncomplete);
  ASSERT_TRUE(reader.parser.expects_large());
  EXPECT_EQ(reader.parser.unparsed_bytes(reader.input.size()), 3U);
  EXPECT_GT(reader.parser.large_room(reader.input).size(), 0U);
  EXPECT_LT(reader.parser.large_capacity(), 1'000'000U);
  EXPECT_EQ(reader.parser.large_received_bytes(), 3U);
  reader.parser.reset();
  EXPECT_FALSE(reader.parser.expects_large());
  EXPECT_EQ(reader.parser.large_capacity(), 0U);
}

// Redis looks for the end of the line with a function for C strings, and so waits for more.
TEST(RequestParser, AnInlineRequestWithAZeroByteNeverEnds) {
  const std::string zero(1, '\0');
  for (const std::string& line : {zero, "ECHO a" + zero + "b", "ECHO \"a" + zero + "b\""}) {
    const std::string rest = line + "\r\nPING\r\n";
    expect_same_at_every_split(multibulk({"PING"}) + rest,
                               {.requests = {{"PING"}}, .error = {}, .rest = rest});
    EXPECT_EQ(parse(rest + std::string(RequestParser::kMaxInlineBytes, '\n')).error,
              "Protocol error: too big inline request");
  }
}

}  // namespace
}  // namespace spinel::server::resp
