#pragma once

#include <deque>

#include "tests/support/server_test.h"

namespace spinel::test {

/// A test of clients that wait for keys.
class BlockingKeysTest : public ServerTest {
 protected:
  /// A connection of its own that sent `text` and waits.
  RawConnection& blocked(const std::string& text);
  /// The same on a connection that is there.
  RawConnection& block_again(RawConnection& connection, const std::string& text);
  /// Nothing arrived. What the server did before it answered another client's PING has arrived.
  void expect_waiting(RawConnection& connection);
  /// Ends the test's waiting clients, so that the next test finds none.
  void TearDown() override;

  std::deque<RawConnection> waiting_;
};

}  // namespace spinel::test
