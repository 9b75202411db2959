#include "server/commands/server/debug_list.h"

#include <cstdio>
#include <fmt/format.h>

#include "server/log/print.h"
#include "storage/containers/listpack.h"
#include "storage/types/list.h"

namespace spinel::server {

using storage::Encoding;
using storage::Entry;
using storage::List;
using storage::ListRun;
using storage::Quicklist;

namespace {

// What a listpack has besides elements: its size, their number, its end.
constexpr size_t kListpackOverhead = 4 + 2 + 1;

// Bytes of the length that stands behind an element of so many.
size_t back_length_bytes(size_t size) {
  size_t bytes = 1;
  for (; size > 127 && bytes < 5; size >>= 7) ++bytes;
  return bytes;
}

size_t length_prefix_bytes(size_t length) {
  return length < 64 ? 1 : length < 16384 ? 2 : 5;
}

size_t listpack_bytes(const ListRun& run) {
  size_t bytes = kListpackOverhead;
  for (const unsigned char* at = run.at; at != run.end;) {
    const size_t size = storage::listpack_entry_size(at);
    bytes += size + back_length_bytes(size);
    at += size;
  }
  return bytes;
}

void print_element(const unsigned char* at) {
  char scratch[storage::kMaxDoubleChars];
  print(stdout, "  {} bytes: {}\n", storage::listpack_entry_size(at),
        storage::read_listpack_entry(at).bytes(scratch));
}

void print_elements(const ListRun& run) {
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    print_element(at);
  }
}

}  // namespace

std::string ListLayout::describe() const {
  return fmt::format(
      " ql_nodes:{} ql_avg_node:{:.2f} ql_listpack_max:{} ql_compressed:{} ql_uncompressed_size:{}",
      nodes, static_cast<double>(elements) / static_cast<double>(nodes), max_listpack_size,
      compressed ? 1 : 0, listpack_bytes);
}

ListLayout list_layout(const Entry& entry) {
  const List list(entry.encoding(), entry.object());
  ListLayout layout{.elements = list.size()};
  if (entry.encoding() == Encoding::kQuicklist) {
    const storage::ListOptions& options = static_cast<const Quicklist*>(entry.object())->options();
    layout.max_listpack_size = options.effective_size();
    layout.compressed = options.compress_depth != 0;
  }
  list.read(0, list.size(), [&](const ListRun& run) {
    const size_t bytes = listpack_bytes(run);
    ++layout.nodes;
    layout.listpack_bytes += bytes;
    layout.length_bytes += length_prefix_bytes(bytes);
    return true;
  });
  return layout;
}

void print_list(const Entry& entry, bool elements) {
  const List list(entry.encoding(), entry.object());
  const ListLayout layout = list_layout(entry);
  print(stdout, "list: {} elements in {} nodes, {} bytes allocated\n", layout.elements,
        layout.nodes, List::bytes(entry.encoding(), entry.object()));
  size_t ordinal = 0;
  list.read(0, list.size(), [&](const ListRun& run) {
    const bool compressed =
        entry.encoding() == Encoding::kQuicklist &&
        static_cast<const Quicklist*>(entry.object())->node(ordinal).compressed();
    print(stdout, "node {}: {} elements, {} bytes of them{}\n", ordinal, run.count,
          static_cast<size_t>(run.end - run.at), compressed ? ", compressed" : "");
    if (elements) print_elements(run);
    ++ordinal;
    return true;
  });
  std::fflush(stdout);
}

void print_listpack(const Entry& entry) {
  const auto& list = *static_cast<const storage::Listpack*>(entry.object());
  print(stdout, "listpack: {} elements, {} bytes of them, {} bytes allocated\n", list.count(),
        list.element_bytes(), list.allocated_bytes());
  for (auto at = storage::Listpack::begin(); at != list.end(); at = list.next(at)) {
    print_element(list.raw(at, list.next(at)).data());
  }
  std::fflush(stdout);
}

}  // namespace spinel::server
