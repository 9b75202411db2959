#include "storage/keyspace/object.h"

#include <type_traits>

#include "storage/base/assert.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"
#include "storage/types/string.h"

namespace spinel::storage {

namespace {

// A long string or a compressed bitmap, in the words of the other types.
struct String {
  static const RawString* raw(const void* object) { return static_cast<const RawString*>(object); }
  // Null: it is raw.
  static const CompressedBitmap* bitmap(Encoding encoding, const void* object) {
    return encoding == Encoding::kCompressedBitmap ? static_cast<const CompressedBitmap*>(object)
                                                   : nullptr;
  }

  static void destroy(Encoding encoding, void* object) {
    if (encoding == Encoding::kCompressedBitmap) {
      CompressedBitmap::destroy(static_cast<CompressedBitmap*>(object));
    } else {
      RawString::destroy(static_cast<RawString*>(object));
    }
  }
  static void* duplicate(Encoding encoding, const void* object) {
    if (const CompressedBitmap* from = bitmap(encoding, object)) return from->duplicate();
    return RawString::copy(*raw(object));
  }
  static size_t bytes(Encoding encoding, const void* object) {
    const CompressedBitmap* from = bitmap(encoding, object);
    return from != nullptr ? from->approximate_bytes() : raw(object)->allocated_bytes();
  }
  static size_t memory(Encoding encoding, const void* object, size_t) {
    const CompressedBitmap* from = bitmap(encoding, object);
    return from != nullptr ? from->memory_bytes() : raw(object)->allocated_bytes();
  }
  static size_t free_effort(Encoding encoding, const void* object) {
    const CompressedBitmap* from = bitmap(encoding, object);
    return from != nullptr ? from->free_effort() : 1;
  }
};

// Calls `use(std::type_identity<T>)` with the type of the values that this is an encoding of.
template <typename Use>
auto with_type(Encoding encoding, Use&& use) {
  switch (encoding_type(encoding)) {
    case Type::kString:
      return use(std::type_identity<String>());
    case Type::kList:
      return use(std::type_identity<List>());
    case Type::kSet:
      return use(std::type_identity<Set>());
    case Type::kSortedSet:
      return use(std::type_identity<SortedSet>());
    case Type::kHash:
      return use(std::type_identity<Hash>());
    case Type::kStream:
      break;
  }
  SPINEL_ASSERT(false);
  __builtin_unreachable();
}

}  // namespace

void destroy_object(Encoding encoding, void* object) {
  with_type(encoding,
            [&]<typename T>(std::type_identity<T>) { return T::destroy(encoding, object); });
}

void* duplicate_object(Encoding encoding, const void* object) {
  return with_type(
      encoding, [&]<typename T>(std::type_identity<T>) { return T::duplicate(encoding, object); });
}

size_t object_bytes(Encoding encoding, const void* object) {
  return with_type(encoding,
                   [&]<typename T>(std::type_identity<T>) { return T::bytes(encoding, object); });
}

size_t object_memory(Encoding encoding, const void* object, size_t samples) {
  return with_type(encoding, [&]<typename T>(std::type_identity<T>) {
    return T::memory(encoding, object, samples);
  });
}

size_t free_effort(Encoding encoding, const void* object) {
  return with_type(encoding, [&]<typename T>(std::type_identity<T>) {
    return T::free_effort(encoding, object);
  });
}

bool has_volatile_fields(Encoding encoding, const void* object) {
  if (encoding != Encoding::kListpackExHash && encoding != Encoding::kTableHash) return false;
  return Hash(encoding, const_cast<void*>(object)).volatile_count() > 0;
}

}  // namespace spinel::storage
