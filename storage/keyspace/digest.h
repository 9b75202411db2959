// Fingerprints of data, to tell in a few bytes whether two servers, or one before and after a
// restart, hold the same.
#pragma once

#include "storage/base/sha1.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::storage {

// Of the value and of whether it has an expiry; not of how it is stored, nor of its key.
Sha1Digest value_digest(const Entry& entry);

// Of all databases: every key with its value and the database it is in. Does not depend on the
// order of keys; all zero if there are none. Walks everything.
Sha1Digest dataset_digest(Keyspace& keyspace);

}  // namespace spinel::storage
