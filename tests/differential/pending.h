#pragma once

#include <string>
#include <vector>

#include "tests/support/raw_connection.h"

namespace spinel::test {

/// All that the server has sent to `connection` by now and nobody has read, in its order.
std::vector<std::string> read_pending(RawConnection& connection);

}  // namespace spinel::test
