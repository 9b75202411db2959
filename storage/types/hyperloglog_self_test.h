#pragma once

#include <optional>
#include <string>

namespace spinel::storage::hll {

// Checks on this machine what PFSELFTEST promises: registers and kernels against plain ones, and
// counts against what was added. What is wrong, or nothing. Takes a tenth of a second.
std::optional<std::string> self_test();

}  // namespace spinel::storage::hll
