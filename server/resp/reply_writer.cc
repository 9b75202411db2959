#include "server/resp/reply_writer.h"

#include <charconv>

#include "storage/base/numbers.h"

namespace spinel::server::resp {

namespace {

// Room for a type byte, a 64-bit integer and CRLF.
constexpr size_t kMaxHeader = 24;

size_t write_header(char* to, char type, int64_t count) {
  to[0] = type;
  char* end = std::to_chars(to + 1, to + kMaxHeader - 2, count).ptr;
  end[0] = '\r';
  end[1] = '\n';
  return static_cast<size_t>(end + 2 - to);
}

}  // namespace

void ReplyWriter::header(char type, int64_t count) {
  out_->commit(write_header(out_->reserve(kMaxHeader), type, count));
}

void ReplyWriter::insert_header(size_t mark, char type, size_t count) {
  char text[kMaxHeader];
  out_->insert(mark, {text, write_header(text, type, static_cast<int64_t>(count))});
}

void ReplyWriter::simple(std::string_view text) {
  out_->append("+");
  out_->append(text);
  out_->append("\r\n");
}

void ReplyWriter::error(std::string_view text) {
  if (errors_.count++ == 0) errors_.first = text;
  char* to = out_->reserve(text.size() + 3);
  *to++ = '-';
  for (char c : text) *to++ = c == '\r' || c == '\n' ? ' ' : c;
  *to++ = '\r';
  *to++ = '\n';
  out_->commit(text.size() + 3);
}

void ReplyWriter::integer(int64_t value) {
  header(':', value);
}

void ReplyWriter::bulk(std::string_view bytes) {
  char* start = out_->reserve(kMaxHeader + bytes.size() + 2);
  char* to = start + write_header(start, '$', static_cast<int64_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  to += bytes.size();
  to[0] = '\r';
  to[1] = '\n';
  out_->commit(static_cast<size_t>(to + 2 - start));
}

void ReplyWriter::bulk_shared(storage::RawString& string, size_t first, size_t count) {
  if (count < OutputBuffer::kLeastShared) return bulk(string.view().substr(first, count));
  header('$', static_cast<int64_t>(count));
  out_->append_shared(string, first, count);
  out_->append("\r\n");
}

char* ReplyWriter::begin_bulk(size_t size) {
  char* start = out_->reserve(kMaxHeader + size + 2);
  const size_t header_size = write_header(start, '$', static_cast<int64_t>(size));
  out_->commit(header_size);
  return start + header_size;
}

void ReplyWriter::end_bulk(size_t size) {
  out_->commit(size);
  out_->append("\r\n");
}

void ReplyWriter::bulk_integer(int64_t value) {
  char digits[kMaxHeader];
  char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  bulk({digits, static_cast<size_t>(end - digits)});
}

void ReplyWriter::null() {
  out_->append(resp3_ ? "_\r\n" : "$-1\r\n");
}

void ReplyWriter::null_array() {
  out_->append(resp3_ ? "_\r\n" : "*-1\r\n");
}

void ReplyWriter::map(size_t pairs) {
  header(resp3_ ? '%' : '*', static_cast<int64_t>(resp3_ ? pairs : 2 * pairs));
}

void ReplyWriter::set(size_t elements) {
  header(resp3_ ? '~' : '*', static_cast<int64_t>(elements));
}

void ReplyWriter::push(size_t elements) {
  header(resp3_ ? '>' : '*', static_cast<int64_t>(elements));
}

void ReplyWriter::attribute(size_t pairs) {
  SPINEL_ASSERT(resp3_);
  header('|', static_cast<int64_t>(pairs));
}

void ReplyWriter::end_deferred_array(size_t mark, size_t elements) {
  insert_header(mark, '*', elements);
}

void ReplyWriter::end_deferred_map(size_t mark, size_t pairs) {
  insert_header(mark, resp3_ ? '%' : '*', resp3_ ? pairs : 2 * pairs);
}

void ReplyWriter::end_deferred_set(size_t mark, size_t elements) {
  insert_header(mark, resp3_ ? '~' : '*', elements);
}

void ReplyWriter::number(double value) {
  char digits[storage::kMaxDoubleChars];
  number_of({digits, storage::format_double(value, digits)});
}

void ReplyWriter::number_of(std::string_view digits) {
  if (!resp3_) return bulk(digits);
  out_->append(",");
  out_->append(digits);
  out_->append("\r\n");
}

void ReplyWriter::boolean(bool value) {
  if (resp3_) {
    out_->append(value ? "#t\r\n" : "#f\r\n");
  } else {
    integer(value ? 1 : 0);
  }
}

void ReplyWriter::verbatim(std::string_view format, std::string_view text) {
  if (!resp3_) return bulk(text);
  SPINEL_ASSERT(format.size() == 3);
  header('=', static_cast<int64_t>(text.size() + 4));
  out_->append(format);
  out_->append(":");
  out_->append(text);
  out_->append("\r\n");
}

void ReplyWriter::big_number(std::string_view digits) {
  if (!resp3_) return bulk(digits);
  out_->append("(");
  out_->append(digits);
  out_->append("\r\n");
}

}  // namespace spinel::server::resp
