// Data with every type and encoding, at each size where an encoding changes.
#pragma once

#include <vector>

#include "tests/differential/generator.h"

namespace spinel::test {

/// Commands that make the data in several databases. They begin and end in database 0. Which half
/// of the data: 0 or 1. The second half also changes and removes keys of the first.
std::vector<Command> every_value(int half, Random& random);

}  // namespace spinel::test
