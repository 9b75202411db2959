#include "storage/keyspace/object.h"

#include <cstring>

#include "storage/base/assert.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"
#include "storage/types/string.h"

namespace spinel::storage {

namespace {

const RawString& raw(const void* object) {
  return *static_cast<const RawString*>(object);
}

[[noreturn]] void no_such_type() {
  SPINEL_ASSERT(false);
  __builtin_unreachable();
}

}  // namespace

void destroy_object(Encoding encoding, void* object) {
  switch (encoding_type(encoding)) {
    case Type::kString:
      return RawString::destroy(static_cast<RawString*>(object));
    case Type::kList:
      return List::destroy(encoding, object);
    case Type::kSortedSet:
      return SortedSet::destroy(encoding, object);
    case Type::kSet:
      return Set::destroy(encoding, object);
    case Type::kHash:
      return Hash::destroy(encoding, object);
    default:
      no_such_type();
  }
}

void* duplicate_object(Encoding encoding, const void* object) {
  switch (encoding_type(encoding)) {
    case Type::kString: {
      RawString* copy = RawString::create(raw(object).size, raw(object).size);
      std::memcpy(copy->bytes(), raw(object).bytes(), raw(object).size);
      return copy;
    }
    case Type::kList:
      return List::duplicate(encoding, object);
    case Type::kSortedSet:
      return SortedSet::duplicate(encoding, object);
    case Type::kSet:
      return Set::duplicate(encoding, object);
    case Type::kHash:
      return Hash::duplicate(encoding, object);
    default:
      no_such_type();
  }
}

size_t object_bytes(Encoding encoding, const void* object) {
  switch (encoding_type(encoding)) {
    case Type::kString:
      return raw(object).allocated_bytes();
    case Type::kList:
      return List::bytes(encoding, object);
    case Type::kSortedSet:
      return SortedSet::bytes(encoding, object);
    case Type::kSet:
      return Set::bytes(encoding, object);
    case Type::kHash:
      return Hash::bytes(encoding, object);
    default:
      no_such_type();
  }
}

size_t object_memory(Encoding encoding, const void* object, size_t samples) {
  switch (encoding_type(encoding)) {
    case Type::kString:
      return raw(object).allocated_bytes();
    case Type::kList:
      return List::bytes(encoding, object);
    case Type::kSortedSet:
      return SortedSet::memory(encoding, object, samples);
    case Type::kSet:
      return Set::memory(encoding, object, samples);
    case Type::kHash:
      return Hash::memory(encoding, object, samples);
    default:
      no_such_type();
  }
}

size_t free_effort(Encoding encoding, const void* object) {
  switch (encoding_type(encoding)) {
    case Type::kString:
      return 1;
    case Type::kList:
      return List::free_effort(encoding, object);
    case Type::kSortedSet:
      return SortedSet::free_effort(encoding, object);
    case Type::kSet:
      return Set::free_effort(encoding, object);
    case Type::kHash:
      return Hash::free_effort(encoding, object);
    default:
      no_such_type();
  }
}

bool has_volatile_fields(Encoding encoding, const void* object) {
  if (encoding != Encoding::kListpackExHash && encoding != Encoding::kTableHash) return false;
  return Hash(encoding, const_cast<void*>(object)).volatile_count() > 0;
}

void disown_object(Encoding encoding, void* object) {
  switch (encoding_type(encoding)) {
    case Type::kString:
      return;
    case Type::kList:
      return;
    case Type::kSortedSet:
      return SortedSet::disown(encoding, object);
    case Type::kSet:
      return Set::disown(encoding, object);
    case Type::kHash:
      return Hash::disown(encoding, object);
    default:
      no_such_type();
  }
}

}  // namespace spinel::storage
