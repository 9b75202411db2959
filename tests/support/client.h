#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/arguments.h"
#include "tests/support/reply.h"
#include "tests/support/wait.h"

struct redisContext;

namespace spinel::test {

/// A client of the hiredis library, which speaks RESP2. hiredis does not tell the two nulls of
/// RESP2 apart: both come out as nil(). After kClosed the client is of no more use. Not
/// thread-safe.
class Client {
 public:
  static Client tcp(const std::string& address, int port);
  static Client unix_socket(const std::string& path);

  bool connected() const;
  /// What hiredis says about the connection; empty when all is well.
  std::string last_error() const;

  Reply command(const std::vector<std::string>& arguments);
  template <typename... Arguments>
  Reply run(const Arguments&... arguments) {
    return command(to_arguments(arguments...));
  }

  /// Queues a command; read_reply sends what is queued and returns the replies in order.
  void append(const std::vector<std::string>& arguments);
  Reply read_reply();

  void close() { context_.reset(); }

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  explicit Client(redisContext* context) : context_(context) {}

  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace spinel::test
