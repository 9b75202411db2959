#pragma once

#include "tests/differential/generator.h"

namespace spinel::test {

// One function and one file a family. Reviewing a family's table should be enough to tell what of
// it is compared with Redis.
const Family& bitfield_family();
const Family& bitmap_family();
const Family& hyperloglog_family();
const Family& list_family();
const Family& set_family();
const Family& sort_family();
const Family& sorted_set_family();
// Ranges of bytes in small sets of several scores.
const Family& sorted_set_bytes_family();
const Family& string_family();
const Family& generic_family();
const Family& geo_family();
const Family& connection_family();
const Family& command_family();
const Family& hash_family();
const Family& dump_family();

}  // namespace spinel::test
