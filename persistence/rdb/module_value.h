// Values of modules: nobody here knows the modules, but how long their values are can be told.
#pragma once

#include <cstdint>
#include <string>

#include "persistence/file/byte_reader.h"

namespace spinel::persistence::rdb {

// The nine characters of a module type's name, which are packed in its number with a version.
std::string module_name(uint64_t id);

// Skips a module's number and its values, and tells its name. False after an error.
bool skip_module_value(ByteReader& reader, std::string& name);
// Skips what a module keeps beside keys.
bool skip_module_aux(ByteReader& reader, std::string& name);
// Skips the values up to their end.
bool skip_module_fields(ByteReader& reader);

}  // namespace spinel::persistence::rdb
