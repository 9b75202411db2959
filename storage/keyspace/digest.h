// Fingerprints of data, to tell in a few bytes whether two servers, or one before and after a
// restart, hold the same. They are those of Redis, so that a server of each kind can be compared
// (redis-cli --cluster does); only the mark of fields with an expiry is our own.
//
// Everything is built from SHA-1 of parts. What has an order is appended: the digest so far is
// combined by exclusive or with that of the part, and hashed again. What has none is combined only.
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
