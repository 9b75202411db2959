// An empty keyspace, whose observer does nothing.
#pragma once

#include <span>
#include <string>

#include "storage/keyspace/keyspace.h"

namespace spinel::fuzz {

class FuzzKeyspace {
 private:
  storage::SilentObserver observer_;

 public:
  storage::Keyspace keyspace{16, observer_};
};

}  // namespace spinel::fuzz
