// What MEMORY DOCTOR says.
#pragma once

#include <cstddef>
#include <string>

#include "server/memory_report.h"

namespace spinel::server {

// Looks for the usual memory problems in `memory`, and explains those there are, with advice. For
// people to read. `clients` is how many are connected.
std::string memory_doctor_report(const MemoryReport& memory, size_t clients);

}  // namespace spinel::server
