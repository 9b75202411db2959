#include "persistence/rdb/module_value.h"

#include "persistence/rdb/format.h"
#include "persistence/rdb/primitives.h"

namespace spinel::persistence::rdb {

namespace {

bool skip_string(ByteReader& reader) {
  const Length length = read_length_or_special(reader);
  if (!length.is_special) return reader.skip(length.value);
  if (length.value != kCompressedString) {
    if (!read_integer(reader, length.value)) reader.fail("invalid form of a string");
    return reader.ok();
  }
  CompressedSizes sizes;
  return read_compressed_sizes(reader, sizes) && reader.skip(sizes.compressed);
}

}  // namespace

std::string module_name(uint64_t id) {
  constexpr char kCharacters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr int kLength = 9;
  constexpr unsigned kBits = 6;
  constexpr unsigned kVersionBits = 10;
  std::string name(kLength, ' ');
  id >>= kVersionBits;
  for (int i = kLength; i-- > 0; id >>= kBits) {
    name[static_cast<size_t>(i)] = kCharacters[id & ((1u << kBits) - 1)];
  }
  return name;
}

bool skip_module_fields(ByteReader& reader) {
  while (reader.ok()) {
    const uint64_t opcode = read_length(reader);
    if (!reader.ok()) return false;
    if (opcode > static_cast<uint64_t>(ModuleOpcode::kString)) {
      return reader.fail("a module's value has an unknown form");
    }
    switch (static_cast<ModuleOpcode>(opcode)) {
      case ModuleOpcode::kEnd:
        return true;
      case ModuleOpcode::kSigned:
      case ModuleOpcode::kUnsigned:
        read_length(reader);
        break;
      case ModuleOpcode::kFloat:
        reader.skip(sizeof(float));
        break;
      case ModuleOpcode::kDouble:
        reader.skip(sizeof(double));
        break;
      case ModuleOpcode::kString:
        skip_string(reader);
        break;
    }
  }
  return false;
}

bool skip_module_value(ByteReader& reader, std::string& name) {
  name = module_name(read_length(reader));
  return skip_module_fields(reader);
}

bool skip_module_aux(ByteReader& reader, std::string& name) {
  name = module_name(read_length(reader));
  // When it was written, before the keys or after them, stands as a value in front of the others.
  const uint64_t opcode = read_length(reader);
  read_length(reader);
  if (reader.ok() && opcode != static_cast<uint64_t>(ModuleOpcode::kUnsigned)) {
    return reader.fail("the data of module " + name + " have an unknown form");
  }
  return skip_module_fields(reader);
}

}  // namespace spinel::persistence::rdb
