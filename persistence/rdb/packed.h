// The packed forms of small collections in files of Redis: a collection in one string. All of such
// a string is checked, each length before it is followed; what is damaged gives an error and is
// never read beyond.
//
// Ours (storage/containers/listpack.h) lack the lengths behind elements, and have one encoding only
// for each value. So elements are read and written one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/containers/listpack_entry.h"

namespace spinel::persistence::rdb {

// Reads the elements of a packed collection, from the first to the last.
class PackedReader {
 public:
  enum class Form : uint8_t { kListpack, kZiplist, kZipmap };

  // `bytes` stay where they are.
  PackedReader(Form form, std::string_view bytes);

  // The next element, text or integer; nothing at the end, and if something is wrong.
  std::optional<storage::ListpackValue> next();
  // What is wrong; null: nothing yet. Of the whole, once `next` gave nothing.
  const char* error() const { return error_; }

 private:
  using Element = std::optional<storage::ListpackValue>;

  std::nullopt_t fail(const char* cause) {
    error_ = cause;
    return std::nullopt;
  }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  void open_listpack(std::string_view bytes);
  void open_ziplist(std::string_view bytes);
  void open_zipmap(std::string_view bytes);
  Element next_of_listpack();
  Element next_of_ziplist();
  Element next_of_zipmap();
  // The end was reached: checks what the head said.
  std::nullopt_t finish();
  Element text(size_t head, size_t size);
  bool read_zipmap_length(size_t& length);

  Form form_;
  const char* error_ = nullptr;
  const unsigned char* begin_ = nullptr;
  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;  // where the byte stands that ends it
  size_t claimed_ = 0;                  // elements
  bool claim_is_unknown_ = false;
  size_t count_ = 0;
  // Of a ziplist: bytes of the element before, and where the last one is to be.
  size_t previous_bytes_ = 0;
  const unsigned char* last_ = nullptr;
  const unsigned char* claimed_last_ = nullptr;
};

// Makes a listpack of Redis.
class ListpackWriter {
 public:
  ListpackWriter();

  void clear();
  // An element as our collections store it; a double becomes text.
  void append_entry(const unsigned char* entry);
  void append(const storage::ListpackItem& item);
  // Ends it and returns it. Valid until the next change.
  std::string_view finish();

 private:
  void append_encoded(const unsigned char* entry, size_t size);
  void append_back_length(size_t size);

  std::string bytes_;
  size_t count_ = 0;
};

// The head of a set of integers, and whether all of `bytes` is one: ascending and without
// duplicates. An error's cause, or null.
const char* check_intset(std::string_view bytes);

}  // namespace spinel::persistence::rdb
