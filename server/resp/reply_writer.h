// Writes replies in the protocol version the client speaks. Specification: RESP2 and RESP3 as
// published by Redis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/resp/output_buffer.h"

namespace spinel::server::resp {

// One method for each reply type. Where RESP3 has a type that RESP2 lacks, the RESP2 form is the
// one Redis sends to such a client: a map is a flat array, a double or a verbatim string is a bulk
// string, and so on.
class ReplyWriter {
 public:
  // The errors that were written since they were last taken.
  struct Errors {
    int64_t count = 0;
    std::string first;  // the text of the first one
  };

  explicit ReplyWriter(OutputBuffer& out) : out_(&out) {}

  bool resp3() const { return resp3_; }
  void set_resp3(bool on) { resp3_ = on; }
  OutputBuffer& out() { return *out_; }
  // Whether the client is owed more than it may be, so that nothing written any more will reach it:
  // a loop whose length the client chose ends then.
  bool overflowed() const { return out_->overflowed(); }

  void ok() { out_->append("+OK\r\n"); }
  // `text` must be free of CR and LF.
  void simple(std::string_view text);
  // `text` starts with its code ("ERR ..."). CR and LF in it are sent as spaces, at its end not at
  // all.
  void error(std::string_view text);
  bool has_errors() const { return errors_.count > 0; }
  // Returns the errors written since the last call: what a command replied itself, once those that
  // it ran have taken theirs.
  Errors take_errors() { return std::exchange(errors_, {}); }

  void integer(int64_t value);
  void bulk(std::string_view bytes);
  // `count` bytes of `string` from `first` on, which must be there, as a bulk string; sent from
  // where they lie if that pays.
  void bulk_shared(storage::RawString& string, size_t first, size_t count);
  // A bulk string whose `size` bytes `fill(char* to)` writes where they are sent from.
  template <typename Fill>
  void bulk_filled(size_t size, Fill&& fill) {
    fill(begin_bulk(size));
    end_bulk(size);
  }
  // An integer as a bulk string.
  void bulk_integer(int64_t value);
  // RESP3 `_`, RESP2 `$-1`.
  void null();
  // RESP3 `_`, RESP2 `*-1`.
  void null_array();

  // The headers of aggregates; the elements follow. `map` takes the number of pairs.
  void array(size_t elements) { header('*', static_cast<int64_t>(elements)); }
  void map(size_t pairs);
  void set(size_t elements);
  void push(size_t elements);
  // Attributes exist in RESP3 only: call it only if `resp3()`.
  void attribute(size_t pairs);

  // An aggregate whose length is known only at its end: `begin_deferred` remembers the place,
  // `end_deferred_*` puts the header there. What lies between is moved once.
  size_t begin_deferred() const { return out_->size(); }
  void end_deferred_array(size_t mark, size_t elements);
  void end_deferred_map(size_t mark, size_t pairs);
  void end_deferred_set(size_t mark, size_t elements);

  // RESP3 `,1.5`; RESP2 a bulk string with the same digits.
  void number(double value);
  // The same of a double whose digits are chosen by the caller.
  void number_of(std::string_view digits);
  // RESP3 `#t`/`#f`; RESP2 `:1`/`:0`.
  void boolean(bool value);
  // RESP3 `=n\r\ntxt:...`; RESP2 a bulk string. `format` is three characters: "txt" or "mkd".
  void verbatim(std::string_view format, std::string_view text);
  // RESP3 `(123`; RESP2 a bulk string.
  void big_number(std::string_view digits);

 private:
  void header(char type, int64_t count);
  void insert_header(size_t mark, char type, size_t count);
  char* begin_bulk(size_t size);
  void end_bulk(size_t size);

  OutputBuffer* out_;
  bool resp3_ = false;
  Errors errors_;
};

}  // namespace spinel::server::resp
