// What is done to every value behind a pointer, whatever its type: the one place that tells the
// types apart. Each takes the encoding that the object was made for.
#pragma once

#include <cstddef>

#include "storage/keyspace/entry.h"

namespace spinel::storage {

void destroy_object(Encoding encoding, void* object);
void* duplicate_object(Encoding encoding, const void* object);

// Bytes that freeing it gives back, in constant time; of elements that are allocated one by one it
// may leave out what they hold.
size_t object_bytes(Encoding encoding, const void* object);
// Bytes that it takes as allocated, measured on `samples` elements (0: all).
size_t object_memory(Encoding encoding, const void* object, size_t samples);
// About how many allocations are to be freed with it, in constant time.
size_t free_effort(Encoding encoding, const void* object);

// Whether it is a hash with fields that have an expiry.
bool has_volatile_fields(Encoding encoding, const void* object);

}  // namespace spinel::storage
