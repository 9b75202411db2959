#include "tests/unit/persistence/rdb/support.h"

#include <algorithm>
#include <cstdio>

#include "persistence/rdb/packed.h"
#include "storage/base/crc64.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::persistence::rdb::test {

using storage::Entry;
using storage::Key;
using storage::Type;

void DataSet::set(std::string_view key, std::string_view value, int64_t expire_at_ms) {
  const Key k(key);
  storage::Item item = database().find(k);
  database().set_string(k, item, value, expire_at_ms, keyspace.access.initial());
}

void DataSet::put_list(std::string_view key, const std::vector<std::string>& elements) {
  storage::List list = storage::List::create();
  for (const std::string& element : elements) {
    list.push(storage::ListEnd::kBack, element, options.limits.list);
  }
  put(key, list);
}

void DataSet::put_set(std::string_view key, const std::vector<std::string>& members) {
  storage::Set set = storage::Set::create();
  for (const std::string& member : members) {
    set.add(storage::SetMember(member), options.limits.set);
  }
  put(key, set);
}

void DataSet::put_sorted_set(std::string_view key, const std::map<std::string, double>& members) {
  storage::SortedSet set = storage::SortedSet::create();
  for (const auto& [member, score] : members) {
    set.insert(set.find(member), member, score, options.limits.sorted_set);
  }
  put(key, set);
}

void DataSet::put_hash(std::string_view key, const std::vector<Field>& fields) {
  storage::Hash hash = storage::Hash::create();
  for (const Field& field : fields) {
    hash.set(storage::HashField(field.name), field.value, field.expire_at_ms, options.limits.hash);
  }
  put(key, hash);
}

namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += part + "\n";
  return text;
}

std::vector<std::string> elements_of(const Entry& entry) {
  std::vector<std::string> parts;
  char scratch[storage::kMaxDoubleChars];
  char more[storage::kMaxDoubleChars];
  switch (entry.type()) {
    case Type::kList: {
      const storage::List list(entry.encoding(), entry.object());
      list.read(0, list.size(), [&](const storage::ListRun& run) {
        for (const unsigned char* at = run.at; at != run.end;
             at += storage::listpack_entry_size(at)) {
          parts.emplace_back(storage::read_listpack_entry(at).bytes(scratch));
        }
        return true;
      });
      return parts;
    }
    case Type::kSet:
      storage::Set(entry.encoding(), entry.object()).for_each([&](const storage::SetMember& m) {
        parts.emplace_back(m.bytes(scratch));
      });
      std::sort(parts.begin(), parts.end());
      return parts;
    case Type::kSortedSet:
      storage::SortedSet(entry.encoding(), entry.object())
          .for_each([&](std::string_view member, double score) {
            parts.push_back(std::string(member) + "=" +
                            std::string(more, storage::format_double(score, more)));
          });
      return parts;
    case Type::kHash:
      storage::Hash(entry.encoding(), entry.object())
          .for_each([&](const storage::HashElement& element) {
            parts.push_back(std::string(element.field.bytes(scratch)) + "=" +
                            std::string(element.value.bytes(more)) + "@" +
                            std::to_string(element.expire_at_ms));
          });
      std::sort(parts.begin(), parts.end());
      return parts;
    default: {
      storage::StringScratch bytes;
      parts.emplace_back(storage::string_bytes(entry, bytes));
      return parts;
    }
  }
}

}  // namespace

std::string DataSet::contents() {
  std::vector<std::string> entries;
  for (int i = 0; i < keyspace.database_count(); ++i) {
    keyspace.database(i).for_each([&](const Entry& entry) {
      entries.push_back(std::to_string(i) + " " + std::string(entry.key()) + " " +
                        std::string(storage::type_name(entry.type())) + " " +
                        std::to_string(entry.expire_at_ms()) + "\n" + join(elements_of(entry)));
    });
  }
  std::sort(entries.begin(), entries.end());
  return join(entries);
}

std::string DataSet::save(const SaveOptions& save_options) {
  std::string file;
  StringSink sink(file);
  rdb::save(keyspace, sink, save_options);
  return file;
}

LoadResult DataSet::load(std::string_view file) {
  RecordingObserver observer;
  return load(file, observer);
}

LoadResult DataSet::load(std::string_view file, LoadObserver& observer) {
  ByteReader reader(file);
  return rdb::load(reader, keyspace, options, observer);
}

std::vector<std::string> numbered(std::string_view prefix, size_t count) {
  std::vector<std::string> all;
  for (size_t i = 0; i < count; ++i) all.push_back(std::string(prefix) + std::to_string(i));
  return all;
}

// --- bytes of files

std::string length(uint64_t value) {
  std::string bytes;
  StringSink sink(bytes);
  ByteWriter writer(sink);
  write_length(writer, value);
  writer.flush();
  return bytes;
}

std::string plain(std::string_view text) {
  return length(text.size()).append(text);
}

std::string opcode(Opcode code) {
  return {static_cast<char>(code)};
}

std::string key_record(ValueType type, std::string_view key, std::string_view payload) {
  return std::string{static_cast<char>(type)} + plain(key) + std::string(payload);
}

std::string with_magic(std::string_view magic, std::string_view records) {
  std::string file = std::string(magic) + std::string(records) + opcode(Opcode::kEnd);
  return file + little_endian(storage::crc64(0, file.data(), file.size()));
}

std::string file_of(int version, std::string_view records) {
  char magic[16];
  std::snprintf(magic, sizeof magic, "REDIS%04d", version);
  std::string file = with_magic(magic, records);
  if (version < kFirstVersionWithChecksum) file.resize(file.size() - sizeof(uint64_t));
  return file;
}

namespace {

std::string ziplist_code(const std::string& element) {
  if (const std::optional<int64_t> integer = storage::parse_int64(element)) {
    const int64_t value = *integer;
    if (value >= 0 && value <= 12) return {static_cast<char>(0xf1 + value)};
    if (value == static_cast<int8_t>(value)) {
      return "\xfe" + little_endian(static_cast<int8_t>(value));
    }
    if (value == static_cast<int16_t>(value)) {
      return "\xc0" + little_endian(static_cast<int16_t>(value));
    }
    if (value >= -(1 << 23) && value < 1 << 23) {
      return "\xf0" + little_endian(static_cast<int32_t>(value)).substr(0, 3);
    }
    if (value == static_cast<int32_t>(value)) {
      return "\xd0" + little_endian(static_cast<int32_t>(value));
    }
    return "\xe0" + little_endian(value);
  }
  const size_t size = element.size();
  if (size < 64) return std::string{static_cast<char>(size)} + element;
  if (size < 16384) {
    return std::string{static_cast<char>(0x40 | size >> 8), static_cast<char>(size)} + element;
  }
  return "\x80" + little_endian(__builtin_bswap32(static_cast<uint32_t>(size))) + element;
}

}  // namespace

std::string ziplist(const std::vector<std::string>& elements) {
  std::string entries;
  size_t previous = 0;
  size_t last = 10;
  for (const std::string& element : elements) {
    last = 10 + entries.size();
    std::string entry = previous < 254 ? std::string{static_cast<char>(previous)}
                                       : "\xfe" + little_endian(static_cast<uint32_t>(previous));
    entry += ziplist_code(element);
    previous = entry.size();
    entries += entry;
  }
  const size_t count = std::min<size_t>(elements.size(), 65535);
  return little_endian(static_cast<uint32_t>(10 + entries.size() + 1)) +
         little_endian(static_cast<uint32_t>(last)) + little_endian(static_cast<uint16_t>(count)) +
         entries + "\xff";
}

std::string zipmap(const std::vector<std::string>& elements) {
  std::string bytes{static_cast<char>(std::min<size_t>(elements.size() / 2, 254))};
  for (size_t i = 0; i < elements.size(); ++i) {
    const size_t size = elements[i].size();
    bytes += size < 254 ? std::string{static_cast<char>(size)}
                        : "\xfe" + little_endian(static_cast<uint32_t>(size));
    if (i % 2 == 1) bytes += '\2';  // free bytes
    bytes += elements[i];
    if (i % 2 == 1) bytes += "??";
  }
  return bytes + "\xff";
}

std::string listpack(const std::vector<std::string>& elements) {
  ListpackWriter writer;
  for (const std::string& element : elements) writer.append(storage::ListpackItem(element));
  return std::string(writer.finish());
}

std::string intset(const std::vector<int64_t>& integers, size_t width) {
  std::string bytes = little_endian(static_cast<uint32_t>(width)) +
                      little_endian(static_cast<uint32_t>(integers.size()));
  for (const int64_t integer : integers) bytes += little_endian(integer).substr(0, width);
  return bytes;
}

}  // namespace spinel::persistence::rdb::test
