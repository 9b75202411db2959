// Prints what was found in a file: for people, in the manner of redis-check-rdb, or as JSON.
#pragma once

#include <string>

#include "tools/check-rdb/inspection.h"

namespace spinel::check_rdb {

// The lines that follow those of what was found on the way.
std::string as_text(const Report& report);
// One object, in one line.
std::string as_json(const Report& report);

}  // namespace spinel::check_rdb
