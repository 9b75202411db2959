// How a list is laid out, for DEBUG: as Redis tells it, whose nodes are listpacks.
#pragma once

#include <cstddef>
#include <string>

#include "storage/keyspace/entry.h"

namespace spinel::server {

struct ListLayout {
  size_t nodes = 0;
  size_t elements = 0;
  int max_listpack_size = 0;  // as the list keeps it; of a quicklist
  bool compressed = false;    // whether its middle is
  size_t listpack_bytes = 0;  // of all nodes, with what a listpack has around its elements
  size_t length_bytes = 0;    // of the lengths that stand before them in an RDB file

  // Bytes in an RDB file without compression.
  size_t serialized_bytes() const { return listpack_bytes + length_bytes + nodes + 1; }
  // " ql_nodes:1 ql_avg_node:3.00 ...", as DEBUG OBJECT has it.
  std::string describe() const;
};

// `entry` is a list.
ListLayout list_layout(const storage::Entry& entry);

// Prints the nodes on the standard output, and `elements` as well.
void print_list(const storage::Entry& entry, bool elements);

// Prints any other listpack with its elements: `entry` is a hash, a set or a sorted set in one.
void print_listpack(const storage::Entry& entry);

}  // namespace spinel::server
